import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir, platform } from 'node:os';
import { delimiter, join } from 'node:path';

/** A part that a suite or the demo can use for real. */
export type PartName = 'kong' | 'daprd' | 'rabbitmq' | 'kubernetes' | ProgramName;

export type Found =
  | { readonly how: 'binary'; readonly path: string }
  /** Runs already; we neither start nor stop it. */
  | { readonly how: 'url'; readonly url: string }
  | { readonly how: 'docker'; readonly image: string }
  /** What is missing and how to get it. */
  | { readonly how: 'missing'; readonly why: string };

interface PartSource {
  readonly binaryVariable: string;
  readonly commands: readonly string[];
  readonly imageVariable: string;
  readonly image: string;
  readonly hint: string;
}

/** Where `npm run parts` puts what it builds. */
export const partsCache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kong-serverless');

/** Parts that are found as programs only. */
const programs = {
  chromium: {
    variable: 'CHROMIUM_BIN',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    hint: 'run `npm run parts chromium`, or set CHROMIUM_BIN',
  },
  redis: {
    variable: 'REDIS_SERVER_BIN',
    commands: ['redis-server'],
    hint: "install Debian's package redis-server, or set REDIS_SERVER_BIN",
  },
  moto: {
    variable: 'MOTO_SERVER_BIN',
    commands: ['moto_server', join(homedir(), '.cache/serverless-tools/moto/bin/moto_server')],
    hint: "SNS and SQS are played by moto: pip install 'moto[server]', or set MOTO_SERVER_BIN",
  },
  pubsub: {
    variable: 'PUBSUB_EMULATOR_BIN',
    commands: ['pubsub-emulator', join(homedir(), '.cache/serverless-tools/bin/pubsub-emulator')],
    hint: 'set PUBSUB_EMULATOR_BIN to a program that serves cloud.google.com/go/pubsub/pstest on the port that is its argument',
  },
  otelcol: {
    variable: 'OTELCOL_BIN',
    commands: ['otelcol'],
    hint: 'set OTELCOL_BIN to an OpenTelemetry Collector with the otlp receiver and the otlphttp exporter',
  },
  prometheus: {
    variable: 'PROMETHEUS_BIN',
    commands: ['prometheus'],
    hint: 'run `npm run parts prometheus`, or set PROMETHEUS_BIN',
  },
  promtool: {
    variable: 'PROMTOOL_BIN',
    commands: ['promtool'],
    hint: 'run `npm run parts prometheus`, or set PROMTOOL_BIN',
  },
  jaeger: { variable: 'JAEGER_BIN', commands: ['jaeger'], hint: 'set JAEGER_BIN to Jaeger 1.x, all in one' },
} as const;
type ProgramName = keyof typeof programs;

const isProgram = (name: PartName): name is ProgramName => name in programs;

const findProgram = (name: ProgramName): Found => {
  const { variable, commands, hint } = programs[name];
  const named = process.env[variable] ?? '';
  const path = (named === '' ? commands : [named]).map(locate).find((found) => found !== undefined);
  return path === undefined ? { how: 'missing', why: `${name} is missing: ${hint}` } : { how: 'binary', path };
};

const sources: Record<'kong' | 'daprd' | 'rabbitmq', PartSource> = {
  kong: {
    binaryVariable: 'KONG_BIN',
    commands: ['kong'],
    imageVariable: 'KONG_IMAGE',
    image: 'kong:2.8.1-ubuntu',
    hint: 'set KONG_BIN to the command of an installed Kong, 2.8 or 3.x, or start Docker',
  },
  daprd: {
    binaryVariable: 'DAPRD_BIN',
    commands: ['daprd', join(partsCache, 'bin/daprd'), join(homedir(), '.dapr/bin/daprd')],
    imageVariable: 'DAPRD_IMAGE',
    image: 'daprio/daprd:1.18.2',
    hint: 'run `npm run parts`, or set DAPRD_BIN, or start Docker',
  },
  rabbitmq: {
    binaryVariable: 'RABBITMQ_SERVER_BIN',
    // The server itself first: Debian's command in PATH is a wrapper that requires the user rabbitmq and the system's folders.
    commands: ['/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server'],
    imageVariable: 'RABBITMQ_IMAGE',
    image: 'rabbitmq:4-management',
    hint: 'run `npm run parts`, or set RABBITMQ_URL and RABBITMQ_MANAGEMENT_URL or RABBITMQ_SERVER_BIN, or start Docker',
  },
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The file of a command: a path as it is, a bare name looked up in PATH. */
export const locate = (command: string): string | undefined =>
  command.includes('/')
    ? [command].find(isExecutable)
    : (process.env.PATH ?? '')
        .split(delimiter)
        .map((folder) => join(folder, command))
        .find(isExecutable);

let dockerAnswers: boolean | undefined;
const hasDocker = (): boolean => {
  // Our containers share the host's network, so that all parts find each other on 127.0.0.1. Only Linux can do that.
  dockerAnswers ??=
    platform() === 'linux' && spawnSync('docker', ['version'], { stdio: 'ignore', timeout: 5000 }).status === 0;
  return dockerAnswers;
};

/** Looks for a part: the environment, then PATH, then Docker. Starts nothing. */
export const findPart = (name: PartName): Found => {
  if (name === 'kubernetes') return findCluster();
  if (isProgram(name)) return findProgram(name);
  const { binaryVariable, commands, imageVariable, image, hint } = sources[name];
  const url = name === 'rabbitmq' ? process.env.RABBITMQ_URL : undefined;
  if (url !== undefined && process.env.RABBITMQ_MANAGEMENT_URL !== undefined) return { how: 'url', url };
  // To test the images although the programs are installed.
  if (process.env.PARTS_FROM === 'docker' && hasDocker()) {
    return { how: 'docker', image: process.env[imageVariable] ?? image };
  }
  const named = process.env[binaryVariable];
  if (named !== undefined && named !== '') {
    const path = locate(named);
    return path === undefined
      ? { how: 'missing', why: `${name} is missing: ${binaryVariable} is '${named}', which is no executable file` }
      : { how: 'binary', path };
  }
  const path = commands.map(locate).find((found) => found !== undefined);
  if (path !== undefined) return { how: 'binary', path };
  if (hasDocker()) return { how: 'docker', image: process.env[imageVariable] ?? image };
  return { how: 'missing', why: `${name} is missing: ${hint}` };
};

/** Only a cluster that KUBECONFIG names, never the default one of ~/.kube/config: the suite installs things in it. */
const findCluster = (): Found => {
  const config = process.env.KUBECONFIG;
  if (config === undefined || config === '') {
    return {
      how: 'missing',
      why: 'kubernetes is missing: set KUBECONFIG to a cluster with KEDA, Dapr and Kong’s ingress controller (docs/cold-start.md)',
    };
  }
  return locate('kubectl') === undefined
    ? { how: 'missing', why: 'kubernetes is missing: kubectl is not in PATH' }
    : { how: 'url', url: config };
};
