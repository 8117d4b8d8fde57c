import type { CommandIo } from '../command-line/command-io';
import { type ProcessSettings, parseProcessSettings, processSettings } from '../config/process-settings';
import { kongPlace, PREFIX_HELP, SOCKET_HELP } from '../command-line/kong-place';
import {
  type Options,
  optionTable,
  readWords,
  refuseWords,
  settingMeaning,
  UsageError,
} from '../command-line/read-words';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'serve'; readonly socketPath: string; readonly settings: ProcessSettings }
  | { readonly kind: 'dump' }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'check' | 'doctor' | 'scaler' | 'top'; readonly argv: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

const FLAGS = {
  dump: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  'kong-prefix': { type: 'string' },
  socket: { type: 'string' },
} as const satisfies Options;

/** Reads a command line, without the executable's own name, and the environment. */
export function readCommand(argv: readonly string[], env: CommandIo['env']): Command {
  const [first] = argv;
  // They have options of their own.
  if (first === 'check' || first === 'doctor' || first === 'scaler' || first === 'top')
    return { kind: first, argv: argv.slice(1).map(withTwoDashes) };
  try {
    return readOwn(argv.map(withTwoDashes), env);
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'invalid', problems: error.problems };
    throw error;
  }
}

/** Everything but the sub-commands. @throws UsageError */
function readOwn(argv: readonly string[], env: CommandIo['env']): Command {
  const settings = Object.fromEntries(processSettings.map(({ option }) => [option, { type: 'string' as const }]));
  const { values, positionals } = readWords(argv, { ...settings, ...FLAGS });
  refuseWords(positionals[0] === 'serve' ? positionals.slice(1) : positionals);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  if (values.dump === true) return { kind: 'dump' };
  const parsed = parseProcessSettings(values as Readonly<Record<string, string | undefined>>, env);
  if (!parsed.ok) throw new UsageError(...parsed.problems);
  return { kind: 'serve', socketPath: kongPlace(values, env).socketPath, settings: parsed.settings };
}

/** Kong's own commands, and Go's flags, write long options with one dash: `-dump`, `-kong-prefix` (K18, K19). */
function withTwoDashes(argument: string): string {
  return /^-[a-z][a-z-]/.test(argument) ? `-${argument}` : argument;
}

/** What `--help` prints. */
export function helpText(): string {
  const options = [
    ['-dump', 'Print what Kong has to know about the plugin, as JSON'],
    ['--socket FILE', SOCKET_HELP],
    ['--kong-prefix DIR', PREFIX_HELP],
    ...processSettings.map((setting) => [`--${setting.option} VALUE`, settingMeaning(setting)] as const),
    ['-h, --help', 'Print this'],
    ['-v, --version', 'Print the version'],
  ] as const;
  return `Usage:
  serverless [serve] [OPTION...]   Serve the plugin to Kong on a unix socket
  serverless -dump                 Describe the plugin to Kong
  serverless check FILE...         Find mistakes in the manifests of a gateway and its backends
  serverless doctor                Find out what keeps a running gateway from waking a backend
  serverless scaler                Tell KEDA at once when a backend is wanted
  serverless top                   Show what each backend of a gateway does now

Options of serve; each may be written with one dash:
${optionTable(options)}`;
}
