import { readFileSync } from 'node:fs';
import { parseConfig } from '../config/parse';
import { parseProcessSettings } from '../config/process-settings';
import { kongPlace } from '../command-line/kong-place';
import type { CommandIo } from '../command-line/command-io';
import { type Options, outputFormat, readWords, refuseWords, UsageError } from '../command-line/read-words';
import { load } from '../manifests/load';
import { ManifestSet } from '../manifests/set';
import { readSources, UnreadablePathError } from '../manifests/walk';
import { SETTINGS } from './doctor-help';
import type { Management, Surroundings, WatchedBackend } from './diagnosis';

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  socket: { type: 'string' },
  'kong-prefix': { type: 'string' },
  config: { type: 'string', multiple: true },
  component: { type: 'string', multiple: true },
  publish: { type: 'string' },
  'rabbitmq-management-url': { type: 'string' },
  'rabbitmq-vhost': { type: 'string' },
  'scaler-url': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

/** What doctor is asked to do. */
export type DoctorCommand =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'examine';
      readonly format: 'text' | 'json';
      readonly at: Pick<
        Surroundings,
        'settings' | 'socketPath' | 'prefix' | 'backends' | 'components' | 'publish' | 'management' | 'scaler'
      >;
    };

/** Reads the command line. @throws UsageError */
export function readDoctorCommand(argv: readonly string[], io: CommandIo): DoctorCommand {
  const own = Object.fromEntries(SETTINGS.map(({ option }) => [option, { type: 'string' as const }]));
  const { values, positionals } = readWords(argv, { ...own, ...OPTIONS });
  refuseWords(positionals);
  if (values.help === true) return { kind: 'help' };
  const parsed = parseProcessSettings(values as Readonly<Record<string, string | undefined>>, { ...io.env });
  if (!parsed.ok) throw new UsageError(...parsed.problems);
  const publish = publishTarget(values.publish);
  const backends = [
    ...(values.config ?? []).flatMap((path) => backendsIn(path, io)),
    ...(publish === undefined ? [] : [{ ...publish, maxHeld: undefined }]),
  ];
  return {
    kind: 'examine',
    format: outputFormat(values.output),
    at: {
      settings: parsed.settings,
      ...kongPlace(values, io.env),
      backends,
      components: [...new Set([...(values.component ?? []), ...backends.map(({ pubsub }) => pubsub)])],
      publish,
      scaler: scalerOf(values['scaler-url']),
      management: managementOf(values['rabbitmq-management-url'], values['rabbitmq-vhost']),
    },
  };
}

function publishTarget(written: string | undefined): Surroundings['publish'] {
  if (written === undefined) return undefined;
  const [, pubsub, topic] = /^([^/]+)\/([^/]+)$/.exec(written) ?? [];
  if (pubsub === undefined || topic === undefined) throw new UsageError(`--publish: '${written}': write PUBSUB/TOPIC`);
  return { pubsub, topic };
}

function backendsIn(path: string, io: CommandIo): WatchedBackend[] {
  try {
    const sources = readSources([path], io.stdin ?? (() => readFileSync(0, 'utf8')), 'default');
    const manifests = sources.flatMap((source) => load(source).manifests);
    const gateway = { appId: undefined, namespace: '', url: '' };
    const { backends } = new ManifestSet(manifests, gateway, parseConfig);
    if (backends.length === 0) throw new UsageError(`--config: there is no KongPlugin with backends in ${path}`);
    return backends.map(({ pubsub, topic, settings }) => ({ pubsub, topic, maxHeld: settings?.policy.maxHeld }));
  } catch (error) {
    throw error instanceof UnreadablePathError ? new UsageError(`--config: ${error.message}`) : error;
  }
}

function scalerOf(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  if (!/^https?:\/\/[^/?#]+\/?$/.test(written) || !URL.canParse(written))
    throw new UsageError(`--scaler-url: '${written}': write a URL such as http://serverless-scaler.kong.svc:9091`);
  return written.replace(/\/$/, '');
}

function managementOf(written: string | undefined, vhost = '/'): Management | undefined {
  if (written === undefined) return undefined;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    // The value may hold a password, so it is not repeated.
    throw new UsageError('--rabbitmq-management-url: write a URL such as http://USER:PASSWORD@localhost:15672');
  }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    authorization: url.username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
    vhost,
  };
}
