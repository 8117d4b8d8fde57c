import { type ConfigProblem, quote } from './problems';
import { type Config, LONGEST_HOLD_MS, LONGEST_MESSAGE_TTL } from './schema';
import { normalizeTarget } from './target';
import { waitingPageProblems } from './waiting-page';

/** How long a request is held at most, milliseconds. */
export function holdTimeoutMs(config: Config): number {
  return config.hold_timeout ?? config.count * config.interval;
}

/** Default timeout of a probe, milliseconds; cut to a shorter hold deadline, so that a short `count` × `interval` is valid by itself. */
const PROBE_TIMEOUT_MS = 1000;

/** Timeout of one probe, milliseconds. */
export function probeTimeoutMs(config: Config): number {
  return config.probe.timeout ?? Math.min(PROBE_TIMEOUT_MS, holdTimeoutMs(config));
}

/** A rule between fields. */
export interface CrossFieldRule {
  /** For the reference page. */
  readonly says: string;
  /**
   * @param config may be wrong in single fields
   * @param sound whether a field, and everything around it, passed the validator
   */
  readonly check: (config: Config, sound: (field: string) => boolean) => ConfigProblem[];
}

const HOLD_FIELDS = ['count', 'interval', 'hold_timeout'];

const leaseWithinMessageTtl: CrossFieldRule = {
  says: '`lease` is shorter than `message_ttl`: a lease must not outlive the message that keeps the backend up.',
  check({ lease, message_ttl: ttl }, sound) {
    if (!sound('lease') || !sound('message_ttl') || lease < ttl * 1000) return [];
    const message = `write less than message_ttl, which is ${ttl} s, or a message_ttl of at least ${Math.floor(lease / 1000) + 1}`;
    return [{ field: 'lease', value: quote(lease), message }];
  },
};

const settleWithinMessageTtl: CrossFieldRule = {
  says: '`probe.settle` is shorter than half of `message_ttl`: a lease lasts at least twice `probe.settle`.',
  check({ probe, message_ttl: ttl }, sound) {
    if (!sound('probe.settle') || !sound('message_ttl') || probe.settle < ttl * 500) return [];
    const message = `write less than half of message_ttl, which is ${ttl} s, or a message_ttl of at least ${Math.floor(probe.settle / 500) + 1}`;
    return [{ field: 'probe.settle', value: quote(probe.settle), message }];
  },
};

/**
 * A message is sent this often at least while there is traffic, so that the queue never runs empty under it. It bounds the timer of
 * the next message as well: half of the longest `message_ttl` is 12 hours.
 */
const messagesWithinTtl: CrossFieldRule = {
  says:
    '`1 / max_message_rate` is shorter than half of `message_ttl`: with fewer messages the queue would run empty under steady traffic, ' +
    'and KEDA would scale the backend in.',
  check({ max_message_rate: rate, message_ttl: ttl }, sound) {
    if (!sound('max_message_rate') || !sound('message_ttl') || rate * ttl > 2) return [];
    const least = (Math.floor(2000 / ttl) + 1) / 1000;
    const longest = Math.floor(2 / rate) + 1;
    const otherwise = longest <= LONGEST_MESSAGE_TTL ? `, or a message_ttl of at least ${longest}` : '';
    const message = `write at least ${least}: message_ttl is ${ttl} s, and a message has to go out within half of it${otherwise}`;
    return [{ field: 'max_message_rate', value: quote(rate), message }];
  },
};

const holdBounded: CrossFieldRule = {
  says: `\`count\` × \`interval\` is at most ${LONGEST_HOLD_MS} ms (1 hour), unless \`hold_timeout\` is given.`,
  check(config, sound) {
    if (!HOLD_FIELDS.every(sound) || holdTimeoutMs(config) <= LONGEST_HOLD_MS) return [];
    const most = Math.floor(LONGEST_HOLD_MS / config.interval);
    const message = `write at most ${most}: with an interval of ${config.interval} ms that is a hold of 1 hour`;
    return [{ field: 'count', value: quote(config.count), message }];
  },
};

const probeWithinHold: CrossFieldRule = {
  says: '`probe.timeout` is at most the hold deadline: a probe that takes longer helps nobody.',
  check(config, sound) {
    if (![...HOLD_FIELDS, 'probe.timeout'].every(sound) || probeTimeoutMs(config) <= holdTimeoutMs(config)) return [];
    const deadline = holdTimeoutMs(config);
    const message = `write at most the hold deadline, ${deadline} ms, or remove it: the default fits the deadline`;
    return [{ field: 'probe.timeout', value: quote(config.probe.timeout), message }];
  },
};

const targetsDistinct: CrossFieldRule = {
  says: 'The targets of one plugin are distinct once they are normalised: `/kong`, `/kong/` and `/%6bong` are one.',
  check({ backend }, sound) {
    if (!sound('backend')) return [];
    const seen = new Map<string, number>();
    return backend.flatMap((entry, index) => {
      const field = `backend[${index}].target`;
      if (!sound(field)) return [];
      const { target } = entry;
      const normalized = normalizeTarget(target);
      const first = seen.get(normalized);
      if (first === undefined) {
        seen.set(normalized, index);
        return [];
      }
      const message = `write another path: it is the same as backend[${first}].target, ${quote(normalized)}`;
      return [{ field, value: quote(target), message }];
    });
  },
};

const probeUrlForOneBackend: CrossFieldRule = {
  says:
    '`probe.url` is given only with a single backend, whose `health` is not empty unless `probe.grpc` is true: one URL cannot speak for ' +
    'several backends.',
  check({ backend, probe }, sound) {
    if (!sound('backend') || !sound('probe.url') || probe.url === undefined) return [];
    const value = quote(probe.url);
    if (backend.length > 1) {
      const message = `remove it, or give each of the ${backend.length} backends a plugin of its own: one URL cannot speak for several`;
      return [{ field: 'probe.url', value, message }];
    }
    if (!sound('backend[0].health') || backend[0]?.health !== '' || probe.grpc) return [];
    const message = 'remove it, or write backend[0].health: an empty health means that nothing is probed';
    return [{ field: 'probe.url', value, message }];
  },
};

const companionsAreOthers: CrossFieldRule = {
  says: '`wakes_with` names other topics than that of its own backend, each once: a message would be sent twice.',
  check({ backend }, sound) {
    if (!sound('backend')) return [];
    return backend.flatMap((entry, index) => {
      if (!['pubsub', 'topic', 'wakes_with'].every((name) => sound(`backend[${index}].${name}`))) return [];
      const { pubsub, topic, wakes_with: companions } = entry;
      const seen = new Set([JSON.stringify([pubsub, topic])]);
      return companions.flatMap((companion, at) => {
        const field = `backend[${index}].wakes_with[${at}]`;
        if (!sound(`${field}.topic`) || !sound(`${field}.pubsub`)) return [];
        const name = JSON.stringify([companion.pubsub ?? pubsub, companion.topic]);
        if (!seen.has(name)) {
          seen.add(name);
          return [];
        }
        const message = 'remove it: messages go to this topic already';
        return [{ field: `${field}.topic`, value: quote(companion.topic), message }];
      });
    });
  },
};

const waitingPageForms: CrossFieldRule = {
  says:
    '`waiting_page.logo` is a path on the same origin, or a `data:image/…` URL of SVG, PNG, JPEG, GIF, WebP or AVIF; ' +
    '`waiting_page.color` has three or six digits.',
  check: waitingPageProblems,
};

const fallbackForms: CrossFieldRule = {
  says: 'The port of `fallback.address` is from 1 to 65535, and `fallback.after` is given only with an address.',
  check({ fallback }, sound) {
    const { address, after } = fallback;
    if (!sound('fallback.address')) return [];
    if (address === undefined) {
      if (!sound('fallback.after') || after === undefined) return [];
      return [{ field: 'fallback.after', value: quote(after), message: 'remove it, or write fallback.address' }];
    }
    const port = Number(address.split(':')[1]);
    if (port >= 1 && port <= 65_535) return [];
    return [{ field: 'fallback.address', value: quote(address), message: 'write a port from 1 to 65535' }];
  },
};

const leastHoldWithinHold: CrossFieldRule = {
  says: '`min_hold_timeout` is at most the hold deadline.',
  check(config, sound) {
    const { min_hold_timeout: least } = config;
    if (![...HOLD_FIELDS, 'min_hold_timeout'].every(sound) || least === undefined || least <= holdTimeoutMs(config))
      return [];
    const message = `write at most the hold deadline, ${holdTimeoutMs(config)} ms`;
    return [{ field: 'min_hold_timeout', value: quote(least), message }];
  },
};

/** The rules between fields, checked after each field by itself. */
export const crossFieldRules: readonly CrossFieldRule[] = [
  leaseWithinMessageTtl,
  settleWithinMessageTtl,
  messagesWithinTtl,
  holdBounded,
  probeWithinHold,
  targetsDistinct,
  companionsAreOthers,
  probeUrlForOneBackend,
  waitingPageForms,
  fallbackForms,
  leastHoldWithinHold,
];
