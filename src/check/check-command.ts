import { readFileSync } from 'node:fs';
import {
  type CommandIo,
  EXIT,
  type Options,
  outputFormat,
  readWords,
  UsageError,
  withUsage,
} from '../command-line/command-io';
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
    const url = values['gateway-url'] ?? io.env['SERVERLESS_GATEWAY_URL'] ?? 'http://127.0.0.1:8000';
    if (!/^https?:\/\//i.test(url)) throw new UsageError(`--gateway-url: '${url}' is no http or https URL`);
    const report = checkSources(sourcesOf(positionals, values.namespace ?? 'default', io), {
      appId: values['app-id'],
      namespace: values['gateway-namespace'] ?? 'kong',
      url,
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

function knownRules(skip: readonly string[]): readonly string[] {
  const unknown = skip.find((id) => !rules.some((rule) => rule.id === id));
  if (unknown !== undefined) throw new UsageError(`--skip: there is no rule '${unknown}'`);
  return skip;
}
