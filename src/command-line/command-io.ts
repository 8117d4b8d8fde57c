import { UsageError, usageProblems } from './read-words';

/** Where a command reads and writes. */
export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of standard input; read only for the file name `-`. */
  readonly stdin?: () => string;
}

/** Exit codes of all commands. Warnings alone are no failure. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs a command and turns its usage errors into a message and exit code 2. */
export async function withUsage(name: string, io: CommandIo, run: () => number | Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(usageProblems(`serverless ${name}`, error.problems));
    return EXIT.usage;
  }
}
