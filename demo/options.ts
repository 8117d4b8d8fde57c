import { readWords, UsageError } from '../src/command-line/read-words';
import { FAST_BOOT_MS } from './fast';
import { PLAYED } from './kong/version';
import type { KongVersion } from './kong/version';

/** The demo's command-line options. */
export interface DemoOptions {
  readonly port: number;
  /** How long every replica takes to start; undefined: as its manifest says. */
  readonly bootMs: number | undefined;
  /** Message TTL and cooldown of 5 s: a whole cycle takes half a minute. */
  readonly fast: boolean;
  /** The HPA's scale-in window; undefined: as the manifest or Kubernetes says. */
  readonly scaleInWindowMs: number | undefined;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly kong: boolean;
  /** The Kong that the built-in gateway plays. */
  readonly kongVersion: KongVersion;
  /** Whether the plugin server may see where replicas are. */
  readonly kubernetes: boolean;
  /** KEDA is told by the scaler, which the gateway publishes to: no broker, no Dapr. */
  readonly push: boolean;
  readonly dapr: boolean;
  readonly rabbitmq: boolean;
  /** Manifest files and folders, relative to the repository. */
  readonly manifests: readonly string[];
}

/** As deployed on Minikube, with RabbitMQ as the broker. */
const MANIFESTS = [
  ...['manifests/base', 'manifests/rabbitmq/definitions.json', 'keda/rabbitmq'],
  ...['sample/consumer', 'sample/foo', 'sample/bar', 'sample/worker/rabbitmq'],
];

/** The smallest installation: Kong, KEDA and the scaler. */
const PUSH_MANIFESTS = ['manifests/base', 'keda/push', 'sample/consumer'];

/** For `--help`. */
export const USAGE = `usage: npm run demo -- [options] [manifests...]

Runs scale to zero on one machine: gateway, plugin, Dapr, broker, KEDA and replicas, as the repository's manifests say.

  --port N              port of the gateway on 127.0.0.1 (8080); 0: a free one
  --boot-time SECONDS   how long every replica takes to start (as its manifest says, else 1.5)
  --fast                message TTL and cooldown of 5 s instead of the manifests' own
  --scale-in-window SECONDS
                        how long the HPA waits before it takes replicas away (as the manifest says, else 300)
  --quiet               print only the address, warnings and errors
  --json                print one JSON object per line
  --kong                a real Kong as the gateway: KONG_BIN, or kong in PATH
  --kong-version VERSION
                        which Kong the built-in gateway plays: 2.8 (default) or 3.9
  --no-kubernetes       the plugin server does not see where replicas are: requests wait until one is Ready and the gateway knows it
  --rabbitmq            a real RabbitMQ: RABBITMQ_URL (AMQP) with RABBITMQ_MANAGEMENT_URL, RABBITMQ_SERVER_BIN, or
                        rabbitmq-server in PATH
  --dapr                a real Dapr sidecar: DAPRD_BIN, or daprd in PATH; needs --rabbitmq
  --push                push activation: the real serverless scaler tells KEDA; no broker, no Dapr
  --help                this text

manifests: files and folders, by default ${MANIFESTS.slice(0, 3).join(' ')}
           ${MANIFESTS.slice(3).join(' ')}
           with --push: ${PUSH_MANIFESTS.join(' ')}
`;

/** The options of a command line, or `help`. @throws UsageError */
export function parseOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values, positionals } = readWords(args, {
    port: { type: 'string', default: '8080' },
    'boot-time': { type: 'string' },
    'scale-in-window': { type: 'string' },
    fast: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    kong: { type: 'boolean', default: false },
    'kong-version': { type: 'string' },
    'no-kubernetes': { type: 'boolean', default: false },
    push: { type: 'boolean', default: false },
    dapr: { type: 'boolean', default: false },
    rabbitmq: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (values.help) return 'help';
  if (values.dapr && !values.rabbitmq)
    throw new UsageError('--dapr: needs --rabbitmq, as Dapr talks AMQP to its broker');
  if (values.push && values.rabbitmq) throw new UsageError('--push: needs no broker, so it goes without --rabbitmq');
  if (values.kong && values['kong-version'] !== undefined)
    throw new UsageError('--kong-version: a real Kong, which --kong asks for, has its own');
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new UsageError(`--port: '${values.port}' is not a port`);
  const bootMs = milliseconds('boot-time', values['boot-time']);
  if (values.fast && (bootMs ?? 0) > FAST_BOOT_MS) {
    throw new UsageError(`--boot-time: more than ${FAST_BOOT_MS / 1000} s is too slow for --fast`);
  }
  return {
    port,
    bootMs,
    fast: values.fast,
    scaleInWindowMs: milliseconds('scale-in-window', values['scale-in-window']),
    quiet: values.quiet,
    json: values.json,
    kong: values.kong,
    kongVersion: played(values['kong-version'] ?? '2.8'),
    kubernetes: !values['no-kubernetes'],
    push: values.push,
    dapr: values.dapr,
    rabbitmq: values.rabbitmq,
    manifests: positionals.length > 0 ? positionals : values.push ? PUSH_MANIFESTS : MANIFESTS,
  };
}

function played(version: string): KongVersion {
  const known = PLAYED[version];
  if (known === undefined)
    throw new UsageError(`--kong-version: '${version}' is none of ${Object.keys(PLAYED).join(', ')}`);
  return known;
}

/** One day: Node's timers end at 24.8 of them, and fire at once beyond that. */
const LONGEST_SECONDS = 86_400;

function milliseconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`--${option}: '${text}' is not a number of seconds`);
  if (Number(text) > LONGEST_SECONDS) throw new UsageError(`--${option}: '${text}' is more than a day`);
  return Number(text) * 1000;
}
