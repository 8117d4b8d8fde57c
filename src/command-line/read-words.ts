import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What an option of a command line is. */
export type Options = NonNullable<ParseArgsConfig['options']>;

/** A command line that makes no sense; each problem says which word. */
export class UsageError extends Error {
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

/** Reads options and words. @throws UsageError on an option that is unknown or lacks its value */
export function readWords<const O extends Options>(
  argv: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    // The rest of Node's message explains the double dash, which is of no use here.
    throw new UsageError((error as Error).message.split(/\.\s/)[0] ?? '');
  }
}

/** For a command that takes options only. @throws UsageError that names every word */
export function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(...words.map((word) => `Unknown argument '${word}'`));
}

/** The format that `-o` names. @throws UsageError on any other */
export function outputFormat(written: string | undefined): 'text' | 'json' {
  if (written === undefined || written === 'text') return 'text';
  if (written === 'json') return 'json';
  throw new UsageError(`-o: '${written}' is no format; write json or text`);
}

/** What is said about a command line that makes no sense: every problem, and where to look. */
export function usageProblems(command: string, problems: readonly string[]): string {
  return `${problems.map((problem) => `${command}: ${problem}\n`).join('')}${command} --help lists the options.\n`;
}

/** What is said of an option that is also a variable of the environment. */
export function settingMeaning(setting: {
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
}): string {
  return `${setting.meaning} (${setting.name}; default: ${setting.default})`;
}

/** Options and their meanings in two columns, for help texts. */
export function optionTable(options: readonly (readonly [option: string, meaning: string])[]): string {
  const width = Math.max(...options.map(([option]) => option.length));
  return options.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}\n`).join('');
}
