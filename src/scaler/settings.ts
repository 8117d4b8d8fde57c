import type { ListenAddress, LogFormat, LogLevel } from '../config/setting-forms';
import { listenAddress, logFormat, logLevel, NotThat, token } from '../config/setting-forms';
import { LOG_FORMAT, LOG_LEVEL, type Setting, settingsOf, SettingsReader } from '../config/settings-reader';

/** Settings of `serverless scaler`. */
export interface ScalerSettings {
  /** Where KEDA asks. */
  readonly grpcListen: ListenAddress;
  /** Where messages come in, and where Kubernetes and Prometheus look. */
  readonly httpListen: ListenAddress;
  /** Topics that a Dapr sidecar is told to subscribe to. */
  readonly subscriptions: readonly { readonly pubsub: string; readonly topic: string }[];
  /** Where all replicas are, this one among them; undefined: it is alone, or each hears everything by itself. */
  readonly peers: { readonly host: string; readonly port: number } | undefined;
  readonly token: string | undefined;
  /** Files; without them there is no TLS. */
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string | undefined } | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

const table = {
  'grpc-listen': {
    name: 'SERVERLESS_SCALER_GRPC_LISTEN',
    default: '0.0.0.0:9090',
    meaning: 'Where KEDA asks, as host:port: the scalerAddress of the ScaledObjects',
  },
  'http-listen': {
    name: 'SERVERLESS_SCALER_HTTP_LISTEN',
    default: '0.0.0.0:9091',
    meaning: 'Where messages come in, and metrics and health are served, as host:port',
  },
  subscribe: {
    name: 'SERVERLESS_SCALER_SUBSCRIBE',
    default: 'none',
    meaning:
      'Topics that the Dapr sidecar is told to subscribe to, as PUBSUB/TOPIC,PUBSUB/TOPIC; none where a Subscription does',
  },
  peers: {
    name: 'SERVERLESS_SCALER_PEERS',
    default: 'none',
    meaning: 'host:port of a headless Service of all replicas, where gateways publish to one of them directly',
  },
  token: {
    name: 'SERVERLESS_SCALER_TOKEN',
    default: 'none',
    meaning:
      'What publishers and Dapr have to send as dapr-api-token. Prefer the environment: other users of the machine can read options',
  },
  'tls-cert': {
    name: 'SERVERLESS_SCALER_TLS_CERT',
    default: 'none',
    meaning: 'Certificate file for KEDA; with the key',
  },
  'tls-key': { name: 'SERVERLESS_SCALER_TLS_KEY', default: 'none', meaning: 'Key file for KEDA; with the certificate' },
  'tls-client-ca': {
    name: 'SERVERLESS_SCALER_TLS_CLIENT_CA',
    default: 'none',
    meaning: "CA file that KEDA's own certificate has to be signed by",
  },
  'log-level': LOG_LEVEL,
  'log-format': LOG_FORMAT,
} as const satisfies Record<string, Omit<Setting, 'option'>>;

/** Every setting of the scaler, in the order people read them in. */
export const scalerSettings = settingsOf(table);

export type ParsedScalerSettings =
  | { readonly ok: true; readonly settings: ScalerSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the settings of the scaler. All problems at once. */
export function parseScalerSettings(
  options: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
): ParsedScalerSettings {
  const reader = new SettingsReader(table, options, env);
  const listen = (text: string): ListenAddress => listenAddress(text, '0.0.0.0:9090 or [::]:9090');
  const cert = reader.optional('tls-cert', file);
  const key = reader.optional('tls-key', file);
  const clientCa = reader.optional('tls-client-ca', file);
  if ((cert === undefined) !== (key === undefined))
    reader.problems.push('tls-cert, tls-key: write both or neither: a certificate is of no use without its key');
  if (clientCa !== undefined && cert === undefined)
    reader.problems.push('tls-client-ca: write tls-cert and tls-key, too: without them there is no TLS');
  const settings: ScalerSettings = {
    grpcListen: reader.setting('grpc-listen', listen),
    httpListen: reader.setting('http-listen', listen),
    subscriptions: reader.optional('subscribe', subscriptions) ?? [],
    peers: reader.optional('peers', (text) => listenAddress(text, 'serverless-scaler-peers.keda:9091')),
    token: reader.optional('token', token),
    tls: cert === undefined || key === undefined ? undefined : { cert, key, clientCa },
    logLevel: reader.setting('log-level', logLevel),
    logFormat: reader.setting('log-format', logFormat),
  };
  const { problems } = reader;
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}

function file(text: string): string {
  if (text === '') throw new NotThat('write the name of a file');
  return text;
}

function subscriptions(text: string): ScalerSettings['subscriptions'] {
  return text.split(',').map((entry) => {
    const [pubsub, topic, ...rest] = entry.trim().split('/');
    if (!pubsub || !topic || rest.length > 0)
      throw new NotThat(
        'write PUBSUB/TOPIC for each topic, with commas between them, such as kong-serverless-plugin/foo',
      );
    return { pubsub, topic };
  });
}
