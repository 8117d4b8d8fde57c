import { parseArgs } from 'node:util';
import type { CommandIo } from '../command-line/command-io';
import { type ProcessSettings, parseProcessSettings, processSettings } from '../config/process-settings';
import { kongPlace, PREFIX_HELP, SOCKET_HELP } from '../command-line/kong-place';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'serve'; readonly socketPath: string; readonly settings: ProcessSettings }
  | { readonly kind: 'dump' }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'check' | 'doctor'; readonly argv: readonly string[] }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

const FLAGS = {
  dump: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  'kong-prefix': { type: 'string' },
  socket: { type: 'string' },
} as const;

/** Reads a command line, without the executable's own name, and the environment. */
export function readCommand(argv: readonly string[], env: CommandIo['env']): Command {
  const [first] = argv;
  // They have options of their own.
  if (first === 'check' || first === 'doctor') return { kind: first, argv: argv.slice(1).map(withTwoDashes) };
  const settings = Object.fromEntries(processSettings.map(({ option }) => [option, { type: 'string' } as const]));
  let values: Readonly<Record<string, string | boolean | undefined>>;
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      args: argv.map(withTwoDashes),
      options: { ...settings, ...FLAGS },
      allowPositionals: true,
    }));
  } catch (error) {
    return { kind: 'invalid', problems: [firstSentence((error as Error).message)] };
  }
  const unknown = positionals[0] === 'serve' ? positionals.slice(1) : positionals;
  if (unknown.length > 0) {
    return { kind: 'invalid', problems: unknown.map((word) => `Unknown argument '${word}'`) };
  }
  if (values['help'] === true) return { kind: 'help' };
  if (values['version'] === true) return { kind: 'version' };
  if (values['dump'] === true) return { kind: 'dump' };
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
  const parsed = parseProcessSettings(
    Object.fromEntries(processSettings.map(({ option }) => [option, text(option)])),
    env,
  );
  if (!parsed.ok) return { kind: 'invalid', problems: parsed.problems };
  const { socketPath } = kongPlace({ socket: text('socket'), 'kong-prefix': text('kong-prefix') }, env);
  return { kind: 'serve', socketPath, settings: parsed.settings };
}

/** Without Node's advice on how an option could be passed as an argument. */
function firstSentence(text: string): string {
  return text.split('. ', 1).join();
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
    ...processSettings.map(({ option, name, meaning, default: fallback }) => [
      `--${option} VALUE`,
      `${meaning} (${name}; default: ${fallback})`,
    ]),
    ['-h, --help', 'Print this'],
    ['-v, --version', 'Print the version'],
  ] as const;
  const width = Math.max(...options.map(([option]) => option.length));
  return `Usage:
  serverless [serve] [OPTION...]   Serve the plugin to Kong on a unix socket
  serverless -dump                 Describe the plugin to Kong
  serverless check FILE...         Find mistakes in the manifests of a gateway and its backends
  serverless doctor                Find out what keeps a running gateway from waking a backend

Options of serve; each may be written with one dash:
${options.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`).join('\n')}
`;
}
