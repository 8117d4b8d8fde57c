import { hostname } from 'node:os';

/** What one sample process does: from its arguments, which a Deployment gives as `args`, and its environment. */
export interface Settings {
  /** `service`: JSON under a path of its own; `grpc`: gRPC; `worker`: takes jobs from Dapr; `pages`: files from a folder. */
  readonly app: 'service' | 'grpc' | 'worker' | 'pages';
  /** The service's name and path: `foo` answers `/foo`. */
  readonly name: string;
  /** Which of several replicas this is: the pod's name under Kubernetes. */
  readonly replica: string;
  readonly host: string;
  readonly port: number;
  /** How long the process takes to start, as a stand-in for a slow application. */
  readonly bootMs: number;
  /** Folder whose files `pages` serves. */
  readonly root: string;
  /** Dapr component and topic that `worker` takes its jobs from. */
  readonly pubsub: string;
  readonly topic: string;
  /** How long one job takes. */
  readonly workMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `service foo`, `grpc`, `worker`, `pages FOLDER`; HOST, PORT, BOOT_TIME_MS, PUBSUB, TOPIC and WORK_MS from the environment.
 * Throws with a message for people.
 */
export function settingsOf(args: readonly string[], env: Environment): Settings {
  const [app, operand] = args;
  if (app !== 'service' && app !== 'grpc' && app !== 'worker' && app !== 'pages') {
    throw new Error(`usage: backend service NAME | grpc | worker | pages FOLDER (got '${args.join(' ')}')`);
  }
  if (operand === undefined && app !== 'worker' && app !== 'grpc') {
    throw new Error(app === 'service' ? 'service: needs a name' : 'pages: needs a folder');
  }
  return {
    app,
    name: operand ?? app,
    replica: env['HOSTNAME'] ?? hostname(),
    host: env['HOST'] ?? '0.0.0.0',
    port: integer(env, 'PORT', 5000),
    bootMs: integer(env, 'BOOT_TIME_MS', 0),
    root: operand ?? '',
    pubsub: env['PUBSUB'] ?? 'jobs',
    topic: env['TOPIC'] ?? 'jobs',
    workMs: integer(env, 'WORK_MS', 1000),
  };
}

function integer(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name}: '${text}' is not a whole number`);
  return Number(text);
}
