import { readFileSync } from 'node:fs';
import { type CommandIo, EXIT, withUsage } from '../command-line/command-io';
import { type Options, outputFormat, readWords, UsageError } from '../command-line/read-words';
import { parseProcessSettings } from '../config/process-settings';
import { CHECK_HELP } from './check-help';
import { formatJson, formatText, totals } from './check-report';
import { rules } from './rules/index';
import { checkSources } from './run';
import { readSources, UnreadablePathError } from '../manifests/walk';

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  'app-id': { type: 'string' },
  'gateway-namespace': { type: 'string' },
  'gateway-url': { type: 'string' },
  'gateway-grpc-url': { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  skip: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options;

/** Runs `serverless check` and returns its exit code. */
export function runCheck(argv: readonly string[], io: CommandIo): Promise<number> {
  return withUsage('check', io, () => {
    const { values, positionals } = readWords(argv, OPTIONS);
    if (values.help === true) {
      io.stdout(CHECK_HELP);
      return EXIT.ok;
    }
    const format = outputFormat(values.output);
    const report = checkSources(sourcesOf(positionals, values.namespace ?? 'default', io), {
      appId: values['app-id'],
      namespace: values['gateway-namespace'] ?? 'kong',
      ...gatewayUrls(values, io),
      skip: knownRules(values.skip ?? []),
    });
    if (report.documents === 0 && report.findings.length === 0) {
      throw new UsageError(
        `no manifest in ${positionals.join(', ')}; a kustomization or chart is rendered first: ` +
          'kubectl kustomize DIR | serverless check -',
      );
    }
    io.stdout(format === 'json' ? formatJson(report) : formatText(report));
    return totals(report.findings).errors > 0 ? EXIT.failed : EXIT.ok;
  });
}

function sourcesOf(paths: readonly string[], namespace: string, io: CommandIo): ReturnType<typeof readSources> {
  if (paths.length === 0) throw new UsageError('name the files or folders to check');
  try {
    return readSources(paths, io.stdin ?? (() => readFileSync(0, 'utf8')), namespace);
  } catch (error) {
    throw error instanceof UnreadablePathError ? new UsageError(error.message) : error;
  }
}

/** Where the plugin server sends its probes: the option, else what it reads from its environment itself. */
function gatewayUrls(given: Readonly<Record<string, unknown>>, io: CommandIo): { url: string; grpcUrl: string } {
  const { SERVERLESS_GATEWAY_URL, SERVERLESS_GATEWAY_GRPC_URL } = io.env;
  const option = (name: string): string | undefined => (typeof given[name] === 'string' ? given[name] : undefined);
  const parsed = parseProcessSettings(
    { 'gateway-url': option('gateway-url'), 'gateway-grpc-url': option('gateway-grpc-url') },
    { SERVERLESS_GATEWAY_URL, SERVERLESS_GATEWAY_GRPC_URL },
  );
  if (!parsed.ok) throw new UsageError(...parsed.problems);
  return { url: parsed.settings.gatewayUrl, grpcUrl: parsed.settings.gatewayGrpcUrl };
}

function knownRules(skip: readonly string[]): readonly string[] {
  const unknown = skip.find((id) => !rules.some((rule) => rule.id === id));
  if (unknown !== undefined) throw new UsageError(`--skip: there is no rule '${unknown}'`);
  return skip;
}
