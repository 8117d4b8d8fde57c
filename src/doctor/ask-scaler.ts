import { isRecord } from '../core/types';
import { items, text } from '../manifests/value';
import { ask } from './ask';
import type { Surroundings } from './diagnosis';

/** What one replica of `serverless scaler` says of itself. */
export interface ScalerReplica {
  readonly ready: boolean;
  readonly peers: string | undefined;
  readonly topics: readonly ScalerTopic[];
}

export interface ScalerTopic {
  readonly pubsub: string;
  readonly topic: string;
  /** The ScaledObject of each stream that is open. */
  readonly scaledObjects: readonly string[];
  /** How long ago a message came, milliseconds; undefined: none that has not expired. */
  readonly silentMs: number | undefined;
}

/** `wants a token`: ours is wrong, or there is none. `no scaler`: something else answers. */
export type ScalerAnswer =
  | { readonly kind: 'scaler'; readonly replica: ScalerReplica }
  | { readonly kind: 'wants a token' }
  | { readonly kind: 'no scaler'; readonly status: number }
  | { readonly kind: 'no answer'; readonly reason: string };

/** Where a scaler is to be looked for: as the command line says, else where the gateway publishes to. */
export function scalerUrl({ scaler, settings }: Surroundings): string {
  return scaler ?? settings.daprUrl;
}

/** Asks what answers at a URL whether it is a scaler, and for its status. */
export async function askScaler(at: Surroundings, url: string): Promise<ScalerAnswer> {
  const { daprToken } = at.settings;
  const headers = daprToken === undefined ? {} : { 'dapr-api-token': daprToken };
  const answer = await ask(at, `${url}/status`, { headers });
  if (!answer.answered) return { kind: 'no answer', reason: answer.reason };
  const { status, body } = answer;
  // Dapr's sidecar says it in other words.
  if (status === 401 && isRecord(body) && body.errorCode === 'ERR_API_TOKEN') return { kind: 'wants a token' };
  if (status !== 200 || !isRecord(body) || typeof body.scaler !== 'string') return { kind: 'no scaler', status };
  return {
    kind: 'scaler',
    replica: { ready: body.ready === true, peers: text(body.peers), topics: items(body.topics).flatMap(readTopic) },
  };
}

function readTopic(value: unknown): ScalerTopic[] {
  if (!isRecord(value)) return [];
  const { pubsub, topic, scaledObjects, silentMs } = value;
  return [
    {
      pubsub: text(pubsub) ?? '',
      topic: text(topic) ?? '',
      scaledObjects: items(scaledObjects).map((name) => text(name) ?? ''),
      silentMs: typeof silentMs === 'number' ? silentMs : undefined,
    },
  ];
}
