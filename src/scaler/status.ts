import { version } from '../../package.json';
import type { Demand } from './demand';
import type { ExternalScaler } from './external-scaler';
import type { ScalerSettings } from './settings';
import { readTopicName } from './trigger';

/** What `GET /status` tells, of this replica alone. */
export interface ScalerStatus {
  /** Its version: who asks knows by it that this is a scaler. */
  readonly scaler: string;
  readonly ready: boolean;
  /** host:port of all replicas; undefined where it is not told of them. */
  readonly peers: string | undefined;
  /** Topics that a stream is open for, or that a message came for which has not expired. */
  readonly topics: readonly TopicStatus[];
}

export interface TopicStatus {
  readonly pubsub: string;
  readonly topic: string;
  /** NAMESPACE/NAME of the ScaledObject of each stream that is open. */
  readonly scaledObjects: readonly string[];
  readonly active: boolean;
  readonly requests: number;
  readonly held: number;
  readonly inFlight: number;
  /** How long ago a message came, milliseconds; undefined: none that has not expired. */
  readonly silentMs: number | undefined;
}

export function statusOf(
  demand: Demand,
  external: ExternalScaler,
  { peers }: ScalerSettings,
  ready: boolean,
  now: number,
): ScalerStatus {
  const open = external.open();
  const names = [...new Set([...open.keys(), ...demand.topics()])];
  return {
    scaler: version,
    ready,
    peers: peers && `${peers.host.includes(':') ? `[${peers.host}]` : peers.host}:${peers.port}`,
    topics: names.flatMap((name) => {
      // Asked first: it forgets what has expired.
      const wanted = demand.wanted(name, now);
      const silentMs = demand.silentMs(name, now);
      const scaledObjects = open.get(name) ?? [];
      if (silentMs === undefined && scaledObjects.length === 0) return [];
      return [{ ...readTopicName(name), scaledObjects, ...wanted, silentMs }];
    }),
  };
}
