import { type Answer, ask, UNROUTED } from '../ask';
import { type Diagnosis, type Examination, ok, skipped, type Surroundings, warning } from '../diagnosis';

/** An HTTP Date has whole seconds; beyond that, clocks of one cluster agree to within this. Milliseconds. */
const TOLERANCE_MS = 2000;

export const clock: Examination = {
  id: 'clock',
  title: 'The clocks of gateway and broker agree with this one',
  why: "Brokers without a TTL of their own, and whoever trims a stream, compare a message's time with their clock: it ends too early or too late.",
  async examine(at) {
    const others = [
      { name: 'the gateway', url: at.settings.gatewayUrl, question: UNROUTED },
      ...(at.management === undefined ? [] : [{ name: 'RabbitMQ', url: `${at.management.url}/`, question: {} }]),
    ];
    const found = await Promise.all(others.map(({ name, url, question }) => compare(at, name, ask(at, url, question))));
    return found.flat();
  },
};

async function compare(at: Surroundings, name: string, asked: Promise<Answer>): Promise<Diagnosis[]> {
  const answer = await asked;
  const date = answer.answered ? Date.parse(answer.headers.date ?? '') : NaN;
  if (!Number.isFinite(date)) return [skipped(`No time from ${name}.`)];
  const aheadMs = at.now() - date;
  // The Date was cut to whole seconds, so being up to one second ahead of it is no difference.
  const differenceMs = aheadMs >= 0 && aheadMs < 1000 ? 0 : aheadMs;
  if (Math.abs(differenceMs) <= TOLERANCE_MS) return [ok(`The clock of ${name} agrees with this one.`)];
  const seconds = Math.round(Math.abs(differenceMs) / 1000);
  const direction = differenceMs > 0 ? 'behind' : 'ahead of';
  return [
    warning(`The clock of ${name} is ${seconds} s ${direction} this one.`, 'Let both machines keep their time by NTP.'),
  ];
}
