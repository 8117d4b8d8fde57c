import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answerJson } from './serve';
import type { Settings } from './settings';

/** The last line of an answer that is whole. */
export const LAST_LINE = 'the end';

/** Answers that take their time, by the word after `/NAME/`: to see whether anything cuts them. */
export function long(settings: Settings): ReadonlyMap<string, RequestListener> {
  const begin = (response: ServerResponse, headers: Readonly<Record<string, string>>): void => {
    response.writeHead(200, { ...headers, 'Cache-Control': 'no-store', 'X-Replica': settings.replica });
    response.flushHeaders();
  };
  /** `?seconds=N`: a line a second, and then the last one. */
  const download: RequestListener = (request, response) => {
    const seconds = secondsOf(request, 'seconds', 10);
    if (seconds === undefined) {
      answerJson(response, 400, { error: 'seconds: a whole number up to 86400' });
      return;
    }
    begin(response, { 'Content-Type': 'text/plain; charset=utf-8' });
    repeat(response, seconds, 1, (second) => `${second} of ${seconds}\n`, `${LAST_LINE}\n`);
  };
  /** `?seconds=N&every=S`: server-sent events, and then one of the type `end`. */
  const events: RequestListener = (request, response) => {
    const [seconds, every] = [secondsOf(request, 'seconds', 10), secondsOf(request, 'every', 1)];
    if (seconds === undefined || every === undefined || every === 0) {
      answerJson(response, 400, { error: 'seconds, every: whole numbers up to 86400' });
      return;
    }
    // nginx, and so Kong, would keep small events back until a buffer is full.
    begin(response, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    const event = (second: number): string => `id: ${second}\ndata: ${second} of ${seconds}\n\n`;
    repeat(response, seconds, every, event, `event: end\ndata: ${LAST_LINE}\n\n`);
  };
  return new Map([
    ['download', download],
    ['events', events],
  ]);
}

/** Undefined: not a number that we take. */
function secondsOf(request: IncomingMessage, name: string, fallback: number): number | undefined {
  const text = new URL(request.url ?? '/', 'http://sample').searchParams.get(name) ?? String(fallback);
  return /^\d{1,5}$/.test(text) && Number(text) <= 86_400 ? Number(text) : undefined;
}

/** Writes a part every `every` seconds, and the last one at the first of these moments that is not before `seconds`. */
function repeat(
  response: ServerResponse,
  seconds: number,
  every: number,
  part: (second: number) => string,
  last: string,
): void {
  let second = 0;
  const timer = setInterval(() => {
    second += every;
    if (second <= seconds) response.write(part(second));
    if (second >= seconds) response.end(last);
  }, every * 1000);
  response.once('close', () => {
    clearInterval(timer);
  });
}
