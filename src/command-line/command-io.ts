import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Where a command reads and writes. */
export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; read only for the file name `-`. */
  readonly stdin?: () => string;
}

/** What an option of a command line is. */
export type Options = NonNullable<ParseArgsConfig['options']>;

/** Exit codes of both commands. Warnings alone are no failure. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** A command line that makes no sense; the message says which word. */
export class UsageError extends Error {}

/** Reads options and words. @throws UsageError on an option that is unknown or lacks its value */
export function readWords<O extends Options>(
  argv: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    // The rest of Node's message explains the double dash, which is of no use here.
    throw new UsageError((error as Error).message.split(/\. To specify/)[0] ?? '');
  }
}

/** The format that `-o` names. @throws UsageError on any other */
export function outputFormat(written: string | undefined): 'text' | 'json' {
  if (written === undefined || written === 'text') return 'text';
  if (written === 'json') return 'json';
  throw new UsageError(`-o: '${written}' is no format; write json or text`);
}

/** Runs a command and turns its usage errors into a message and exit code 2. */
export async function withUsage(name: string, io: CommandIo, run: () => number | Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(`serverless ${name}: ${error.message}\nserverless ${name} --help lists the options.\n`);
    return EXIT.usage;
  }
}
