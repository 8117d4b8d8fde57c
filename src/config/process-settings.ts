import { isHttpUrl } from './http-url';
import { quote } from './problems';

/** pino's levels. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Settings of the process, shared by every configuration of the plugin. */
export interface ProcessSettings {
  /** Kong's proxy listener, which probes go through; without a slash at the end. */
  readonly gatewayUrl: string;
  /** A proxy listener of Kong that speaks HTTP/2, which probes of gRPC go through; likewise. */
  readonly gatewayGrpcUrl: string;
  /** The Dapr sidecar's HTTP API; without a slash at the end. */
  readonly daprUrl: string;
  readonly daprToken: string | undefined;
  readonly statusListen: { readonly host: string; readonly port: number } | 'off';
  /** Permissions of the plugin server's socket. */
  readonly socketMode: number;
  readonly logLevel: LogLevel;
  /** Most requests held at once in the whole process; undefined: derived from memory. */
  readonly maxHeld: number | undefined;
  /** Whether a rejection tells its client why in Dapr's and the probe's own words. */
  readonly debugErrors: boolean;
  /** Whether Kubernetes is asked where pods are: `auto`, where a service account is mounted, `off`, or the folder of one. */
  readonly kubernetes: string;
}

/** A setting as a person finds it: in `--help` and in docs/configuration.md. */
export interface ProcessSetting {
  /** Environment variable. */
  readonly name: string;
  /** Long option, without the dashes. Wins over the environment. */
  readonly option: string;
  /** Default, in words where it is not a value. */
  readonly default: string;
  readonly meaning: string;
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
  'socket-mode': {
    name: 'SERVERLESS_SOCKET_MODE',
    default: '0666',
    meaning:
      "Permissions of the plugin server's socket. Kong's workers must be able to write to it, whichever user they run as: 0660 where they share this process's user or group",
  },
  'log-level': {
    name: 'SERVERLESS_LOG_LEVEL',
    default: 'info',
    meaning: `Least level that is logged: ${logLevels.join(', ')}`,
  },
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
  kubernetes: {
    name: 'SERVERLESS_KUBERNETES',
    default: 'auto',
    meaning:
      'Whether EndpointSlices are watched, to know at once that a backend sleeps, and to reach a pod before Kong knows it: auto, where a service account is mounted at the usual place; the folder of one elsewhere, such as /var/run/secrets/gateway; or off',
  },
} as const satisfies Record<string, Omit<ProcessSetting, 'option'>>;

type OptionName = keyof typeof table;

/** Every process setting, in the order people read them in. */
export const processSettings: readonly ProcessSetting[] = Object.entries(table).map(([option, setting]) => ({
  option,
  ...setting,
}));

/** A value, and where it was written: `--gateway-url` or `SERVERLESS_GATEWAY_URL`. */
interface Given {
  readonly from: string;
  readonly text: string;
}

/** The settings, or everything that is wrong with them. */
export type ParsedProcessSettings =
  | { readonly ok: true; readonly settings: ProcessSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Thrown inside this file only; carries what to write instead. */
class Refusal extends Error {}

function httpUrl(text: string): string {
  const url = isHttpUrl(text) ? new URL(text) : undefined;
  if (url?.pathname !== '/' || url.search !== '') {
    throw new Refusal('write a URL such as http://127.0.0.1:8000, without path, user name and password');
  }
  return url.origin;
}

/** A whole number in decimal digits. */
function integer(text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new Refusal(`write a whole number from ${least} to ${most}`);
  return value;
}

function localUrl(port: number | string): string {
  return `http://127.0.0.1:${port}`;
}

function listenAddress(text: string): ProcessSettings['statusListen'] {
  if (text === 'off') return 'off';
  const match = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new Refusal('write host:port such as 127.0.0.1:9542 or [::1]:9542, or off');
  return { host: match[1] ?? String(match[2]), port };
}

/** File permissions that let at least this process use its socket. */
function socketMode(text: string): number {
  const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0;
  if ((mode & 0o600) !== 0o600)
    throw new Refusal('write octal permissions that let the owner read and write, such as 0660');
  return mode;
}

function logLevel(text: string): LogLevel {
  const level = logLevels.find((name) => name === text);
  if (level === undefined) throw new Refusal(`write one of ${logLevels.join(', ')}`);
  return level;
}

function flag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Refusal('write true or false');
  return text === 'true';
}

function kubernetes(text: string): string {
  if (text !== 'auto' && text !== 'off' && !text.startsWith('/'))
    throw new Refusal('write auto, off, or the folder of a service account, such as /var/run/secrets/gateway');
  return text;
}

function token(text: string): string {
  if (!/^[!-~]+$/.test(text)) {
    throw new Refusal('write a token without spaces and line breaks (the value that is there is not shown)');
  }
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
  const problems: string[] = [];

  const fromOption = (option: OptionName): Given | undefined => {
    const text = options[option];
    return text === undefined ? undefined : { from: `--${option}`, text };
  };
  const fromEnvironment = (option: OptionName): Given | undefined => {
    const { name } = table[option];
    const text = env[name] ?? '';
    return text === '' ? undefined : { from: name, text };
  };
  const read = <T>(given: Given | undefined, parse: (text: string) => T): T | undefined => {
    if (given === undefined) return undefined;
    try {
      return parse(given.text);
    } catch (error) {
      const value = parse === token ? '' : ` ${quote(given.text)}:`;
      problems.push(`${given.from}:${value} ${(error as Refusal).message}`);
      return undefined;
    }
  };
  const optional = <T>(option: OptionName, parse: (text: string) => T): T | undefined =>
    read(fromOption(option) ?? fromEnvironment(option), parse);
  const setting = <T>(option: OptionName, parse: (text: string) => T): T =>
    optional(option, parse) ?? parse(table[option].default);
  /** From one source, so that `--dapr-http-port` wins over DAPR_HTTP_ENDPOINT. */
  const daprUrl = (source: (option: OptionName) => Given | undefined): string | undefined => {
    const endpoint = read(source('dapr-http-endpoint'), httpUrl);
    const port = read(source('dapr-http-port'), (text) => integer(text, 1, 65_535));
    return endpoint ?? (port === undefined ? undefined : localUrl(port));
  };

  const settings: ProcessSettings = {
    gatewayUrl: setting('gateway-url', httpUrl),
    gatewayGrpcUrl: setting('gateway-grpc-url', httpUrl),
    daprUrl: daprUrl(fromOption) ?? daprUrl(fromEnvironment) ?? localUrl(table['dapr-http-port'].default),
    daprToken: optional('dapr-api-token', token),
    statusListen: setting('status-listen', listenAddress),
    socketMode: setting('socket-mode', socketMode),
    logLevel: setting('log-level', logLevel),
    maxHeld: optional('max-held', (text) => integer(text, 1, 1_000_000)),
    debugErrors: setting('debug-errors', flag),
    kubernetes: setting('kubernetes', kubernetes),
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}
