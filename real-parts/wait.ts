import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

/**
 * Polls until the result is neither undefined nor false, and returns it.
 *
 * @param what for the error after `timeoutMs`
 */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 10_000, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    await sleep(everyMs);
  } while (Date.now() < deadline);
  throw new Error(`not so within ${timeoutMs} ms: ${what}`, { cause: lastError });
};

/** Runs all tasks, one after the other, even if some fail. Throws the first error at the end. */
export const each = async (tasks: readonly (() => unknown)[]): Promise<void> => {
  const errors: unknown[] = [];
  for (const task of tasks) {
    try {
      await task();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
};
