import { askScaler, type ScalerAnswer, type ScalerReplica, type ScalerTopic, scalerUrl } from '../ask-scaler';
import { type Diagnosis, type Examination, error, ok, skipped, type Surroundings, warning } from '../diagnosis';

const TOKEN = 'Set DAPR_API_TOKEN to what the scaler has as SERVERLESS_SCALER_TOKEN.';
/** Then DAPR_API_TOKEN is for the sidecar. */
const OTHER_TOKEN = 'Give what the scaler has as SERVERLESS_SCALER_TOKEN as --dapr-api-token.';
const STREAM =
  'Look at the ScaledObject whose external-push trigger names this pubsub and topic, `kubectl describe scaledobject`: is there one, is ' +
  'it Ready, does its scalerAddress lead to the gRPC port of this scaler? While another trigger of it fails KEDA keeps the stream ' +
  'closed, and it opens a broken one again after up to 60 s (E9).';
/** A message that one replica has been told reaches the others within milliseconds. */
const SPREAD_MS = 2000;

/** What was learnt of the replicas. */
interface Asked {
  readonly replicas: readonly ScalerReplica[];
  /** Every replica answered; else the stream may be open on another one. */
  readonly all: boolean;
}

export const pushStream: Examination = {
  id: 'push-stream',
  title: 'KEDA listens to the scaler (where a scaler tells KEDA)',
  why: 'A push goes over a stream that KEDA opens for each ScaledObject: without it the backend wakes by another trigger, or not at all.',
  async examine(at) {
    const url = scalerUrl(at);
    const answer = await askScaler(at, url);
    if (answer.kind !== 'scaler') return [withoutScaler(at, url, answer)];
    if (!answer.replica.ready) return [error(`${url}: the scaler is not ready.`, 'It is stopping: look at its pods.')];
    const { asked, failed } = await askAll(at, url, answer.replica);
    const found = at.backends.length === 0 ? [overview(asked)] : at.backends.flatMap((one) => judge(asked, one));
    return [...failed, ...found];
  },
};

function withoutScaler(
  at: Surroundings,
  url: string,
  answer: Exclude<ScalerAnswer, { readonly kind: 'scaler' }>,
): Diagnosis {
  if (answer.kind === 'wants a token') {
    return error(`${url}: the scaler wants another token.`, at.scaler === undefined ? TOKEN : OTHER_TOKEN);
  }
  if (at.scaler === undefined) {
    return answer.kind === 'no answer'
      ? skipped(`${url} does not answer: see dapr-health.`)
      : skipped(`${url} is no scaler. Where one subscribes to Dapr, give --scaler-url.`);
  }
  return answer.kind === 'no answer'
    ? error(
        `${url}: ${answer.reason}.`,
        'Look whether its pods run (kubectl get pods -l app=serverless-scaler), and whether a NetworkPolicy lets this one reach them.',
      )
    : error(
        `${url} answers ${answer.status}, and is no scaler.`,
        'Name the HTTP port of the scaler, 9091. One that is older than this command has no /status.',
      );
}

/** The other replicas: KEDA's stream leads to any of them. */
async function askAll(
  at: Surroundings,
  url: string,
  first: ScalerReplica,
): Promise<{ readonly asked: Asked; readonly failed: readonly Diagnosis[] }> {
  const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d+)$/.exec(first.peers ?? '') ?? [];
  const addresses = host === '' ? [] : await at.lookup(host);
  if (addresses.length === 0) return { asked: { replicas: [first], all: false }, failed: [] };
  const urls = addresses.map((address) => `http://${address.includes(':') ? `[${address}]` : address}:${port}`);
  const answers = await Promise.all(urls.map(async (each) => [each, await askScaler(at, each)] as const));
  const replicas = answers.flatMap(([, answer]) => (answer.kind === 'scaler' ? [answer.replica] : []));
  const failed = answers.flatMap(([each, answer]) => {
    if (answer.kind === 'scaler') return [];
    const reason = 'reason' in answer ? answer.reason : answer.kind;
    return [warning(`Replica ${each} of ${url}: ${reason}.`, 'Read the log of that pod; all replicas need one token.')];
  });
  return replicas.length === 0
    ? { asked: { replicas: [first], all: false }, failed }
    : { asked: { replicas, all: failed.length === 0 }, failed };
}

function overview(asked: Asked): Diagnosis {
  const open = streamsOf(asked.replicas.flatMap(({ topics }) => topics));
  const where = placeOf(asked);
  return open.length > 0
    ? ok(`Streams of KEDA are open, on ${where}: ${open.join(', ')}. With --config it is told which are missing.`)
    : warning(`No stream of KEDA is open, on ${where}.`, STREAM);
}

function judge(asked: Asked, backend: { readonly pubsub: string; readonly topic: string }): Diagnosis[] {
  const { pubsub, topic } = backend;
  const name = `"${topic}" of "${pubsub}"`;
  const where = placeOf(asked);
  const seen = asked.replicas.map(({ topics }) => topics.find((one) => one.pubsub === pubsub && one.topic === topic));
  const open = seen.flatMap((one) => one?.scaledObjects ?? []);
  const heard = seen.flatMap((one) => one?.silentMs ?? []);
  if (open.length === 0) {
    const others = streamsOf(asked.replicas.flatMap(({ topics }) => topics));
    const instead = others.length === 0 ? 'none is' : `open is ${others.join(', ')}`;
    const message = `No stream of KEDA is open for ${name}, on ${where}; ${instead}.`;
    if (asked.all) return [error(message, STREAM)];
    const fix = `It may lead to another replica: give the address of each pod as --scaler-url. If it leads to none: ${STREAM}`;
    return [warning(message, fix)];
  }
  const silence = heard.length === 0 ? 'no message lives' : `a message came ${seconds(Math.min(...heard))} s ago`;
  const found = ok(`KEDA listens for ${name}, on ${where}: ScaledObject ${open.join(', ')}; ${silence}.`);
  if (heard.length === 0 || heard.length === seen.length || Math.min(...heard) < SPREAD_MS) return [found];
  const fix =
    'Gateways that publish to the scaler: let SERVERLESS_SCALER_PEERS name a headless Service. Behind Dapr: a consumerID of its own for ' +
    'each replica (`serverless check` says how). One that has just started hears of it with the next message.';
  return [
    found,
    warning(
      `Of ${seen.length} replicas ${heard.length} heard the last message for ${name}; KEDA may listen to another.`,
      fix,
    ),
  ];
}

function streamsOf(topics: readonly ScalerTopic[]): string[] {
  return topics.flatMap(({ pubsub, topic, scaledObjects }) =>
    scaledObjects.map((scaledObject) => `${scaledObject} (${pubsub}/${topic})`),
  );
}

function placeOf({ replicas, all }: Asked): string {
  if (!all) return replicas.length === 1 ? 'this replica' : `${replicas.length} replicas of more`;
  return replicas.length === 1 ? 'the one replica' : `${replicas.length} replicas`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
