import {
  httpUrl,
  integer,
  type ListenAddress,
  listenAddress,
  type LogFormat,
  logFormat,
  type LogLevel,
  logLevel,
  NotThat,
  token,
} from './setting-forms';
import { type Given, LOG_FORMAT, LOG_LEVEL, type Setting, settingsOf, SettingsReader } from './settings-reader';

/** Settings of the process, shared by every configuration of the plugin. */
export interface ProcessSettings {
  /** Kong's proxy listener, which probes go through; without a slash at the end. */
  readonly gatewayUrl: string;
  /** A proxy listener of Kong that speaks HTTP/2, which probes of gRPC go through; likewise. */
  readonly gatewayGrpcUrl: string;
  /** The Dapr sidecar's HTTP API; without a slash at the end. */
  readonly daprUrl: string;
  readonly daprToken: string | undefined;
  readonly statusListen: ListenAddress | 'off';
  readonly statusToken: string | undefined;
  /** Permissions of the plugin server's socket. */
  readonly socketMode: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Most requests held at once in the whole process; undefined: derived from memory. */
  readonly maxHeld: number | undefined;
  /** Whether a rejection tells its client why in Dapr's and the probe's own words. */
  readonly debugErrors: boolean;
  /** Whether Events are written on the Services of backends. */
  readonly kubernetesEvents: boolean;
  /** Whether Kubernetes is asked where pods are: `auto`, where a service account is mounted, `off`, or the folder of one. */
  readonly kubernetes: string;
}

const table = {
  'gateway-url': {
    name: 'SERVERLESS_GATEWAY_URL',
    default: 'http://127.0.0.1:8000',
    meaning: "Kong's proxy listener, which probes go through",
  },
  'gateway-grpc-url': {
    name: 'SERVERLESS_GATEWAY_GRPC_URL',
    default: 'https://127.0.0.1:8443',
    meaning:
      "Kong's proxy listener with http2, which probes of gRPC go through: https with TLS, http where it is an h2c listener",
  },
  'dapr-http-endpoint': {
    name: 'DAPR_HTTP_ENDPOINT',
    default: 'http://127.0.0.1 at the port below',
    meaning: "The Dapr sidecar's HTTP API; wins over the port",
  },
  'dapr-http-port': {
    name: 'DAPR_HTTP_PORT',
    default: '3500',
    meaning: "Port of the Dapr sidecar's HTTP API on 127.0.0.1",
  },
  'dapr-api-token': {
    name: 'DAPR_API_TOKEN',
    default: 'none',
    meaning: 'Token for the Dapr API. Prefer the environment: other users of the machine can read options',
  },
  'status-listen': {
    name: 'SERVERLESS_STATUS_LISTEN',
    default: '127.0.0.1:9542',
    meaning: 'Where metrics and status are served, as host:port, or off',
  },
  'status-token': {
    name: 'SERVERLESS_STATUS_TOKEN',
    default: 'none',
    meaning:
      'What callers from other machines have to send, as Authorization: Bearer, to wake a backend or let it sleep; without it only processes of this machine may. Prefer the environment: other users of the machine can read options',
  },
  'socket-mode': {
    name: 'SERVERLESS_SOCKET_MODE',
    default: '0666',
    meaning:
      "Permissions of the plugin server's socket. Kong's workers must be able to write to it, whichever user they run as: 0660 where they share this process's user or group",
  },
  'log-level': LOG_LEVEL,
  'log-format': LOG_FORMAT,
  'max-held': {
    name: 'SERVERLESS_MAX_HELD',
    default: 'derived from memory',
    meaning: 'Most requests held at once in the whole process, over all backends',
  },
  'debug-errors': {
    name: 'SERVERLESS_DEBUG_ERRORS',
    default: 'false',
    meaning:
      "Whether a rejection tells its client the reason in Dapr's and the probe's own words, which may name hosts and components",
  },
  'kubernetes-events': {
    name: 'SERVERLESS_KUBERNETES_EVENTS',
    default: 'false',
    meaning:
      'Whether cold starts, and what goes wrong in them, are written as Events on the Services of backends. It needs the right to create events there (manifests/events-writer)',
  },
  kubernetes: {
    name: 'SERVERLESS_KUBERNETES',
    default: 'auto',
    meaning:
      'Whether EndpointSlices are watched, to know at once that a backend sleeps, and to reach a pod before Kong knows it: auto, where a service account is mounted at the usual place; the folder of one elsewhere, such as /var/run/secrets/gateway; or off',
  },
} as const satisfies Record<string, Omit<Setting, 'option'>>;

type OptionName = keyof typeof table;

/** Every process setting, in the order people read them in. */
export const processSettings = settingsOf(table);

/** The settings, or everything that is wrong with them. */
export type ParsedProcessSettings =
  | { readonly ok: true; readonly settings: ProcessSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

function localUrl(port: number | string): string {
  return `http://127.0.0.1:${port}`;
}

/** File permissions that let at least this process use its socket. */
function socketMode(text: string): number {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0;
  if ((mode & 0o600) !== 0o600)
    throw new NotThat('write octal permissions that let the owner read and write, such as 0660');
  return mode;
}

function flag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new NotThat('write true or false');
  return text === 'true';
}

function kubernetes(text: string): string {
  if (text !== 'auto' && text !== 'off' && !text.startsWith('/'))
    throw new NotThat('write auto, off, or the folder of a service account, such as /var/run/secrets/gateway');
  return text;
}

/**
 * Reads the process settings. An option wins over the environment; an empty variable counts as unset, an empty option does not.
 * All problems at once, each naming where the value was written and quoting it, unless it is the token.
 *
 * @param options by option name, without dashes; other names are ignored
 */
export function parseProcessSettings(
  options: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
): ParsedProcessSettings {
  const reader = new SettingsReader(table, options, env);
  /** From one source, so that `--dapr-http-port` wins over DAPR_HTTP_ENDPOINT. */
  const daprUrl = (source: (option: OptionName) => Given | undefined): string | undefined => {
    const endpoint = reader.read(source('dapr-http-endpoint'), httpUrl);
    const port = reader.read(source('dapr-http-port'), (text) => integer(text, 1, 65_535));
    return endpoint ?? (port === undefined ? undefined : localUrl(port));
  };

  const settings: ProcessSettings = {
    gatewayUrl: reader.setting('gateway-url', httpUrl),
    gatewayGrpcUrl: reader.setting('gateway-grpc-url', httpUrl),
    daprUrl:
      daprUrl((option) => reader.fromOption(option)) ??
      daprUrl((option) => reader.fromEnvironment(option)) ??
      localUrl(table['dapr-http-port'].default),
    daprToken: reader.optional('dapr-api-token', token),
    statusListen: reader.setting('status-listen', (text) =>
      text === 'off' ? 'off' : listenAddress(text, '127.0.0.1:9542 or [::1]:9542, or off'),
    ),
    statusToken: reader.optional('status-token', token),
    socketMode: reader.setting('socket-mode', socketMode),
    logLevel: reader.setting('log-level', logLevel),
    logFormat: reader.setting('log-format', logFormat),
    maxHeld: reader.optional('max-held', (text) => integer(text, 1, 1_000_000)),
    debugErrors: reader.setting('debug-errors', flag),
    kubernetesEvents: reader.setting('kubernetes-events', flag),
    kubernetes: reader.setting('kubernetes', kubernetes),
  };
  const { problems } = reader;
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}
