/* eslint-disable jest/no-export, jest/valid-title, jest/valid-describe-callback, jest/expect-expect, jest/no-disabled-tests --
   this file makes suites for others; it is none itself. */
import { findPart, type PartName } from '../../real-parts/find';
import { isKong3 } from '../../real-parts/kong';
import { each } from '../../real-parts/wait';

/** The parts that must be real: `REQUIRE_REAL=kong,daprd`, or `1` for all. */
const isRequired = (name: PartName): boolean => {
  const wanted = (process.env.REQUIRE_REAL ?? '').split(',').map((word) => word.trim());
  return wanted.includes('1') || wanted.includes(name);
};

/** `describe` for a suite that needs these parts. If one is missing, the suite is skipped with a line that says so, or fails. */
export const describeWith = (parts: readonly PartName[], title: string, suite: () => void): void => {
  const missing = parts.flatMap((name) => {
    const found = findPart(name);
    return found.how === 'missing' ? [{ name, why: found.why }] : [];
  });
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  for (const { why } of missing) say(`skipped: ${title}: ${why}`);
  if (missing.some(({ name }) => isRequired(name))) {
    test(`${title}: its parts are there`, () => {
      throw new Error(missing.map(({ why }) => why).join('; '));
    });
  } else {
    describe.skip(title, suite);
  }
};

/** `describe` for what holds only on a Kong 3.x; on a 2.8 it is skipped, with this reason. */
export const describeWithKong3 = (title: string, why: string, suite: () => void): void => {
  if (isKong3() || findPart('kong').how === 'missing') {
    describeWith(['kong'], title, suite);
    return;
  }
  say(`skipped on this Kong: ${title}: ${why}`);
  describe.skip(title, suite);
};

type Stoppable = { stop(): unknown } | { close(): unknown };

/**
 * For afterAll and afterEach: stops what a suite has started, in this order. If the start failed some of it is undefined and skipped:
 * the report must show why the start failed, not a TypeError of the clean-up.
 */
export const stopAll =
  (started: () => readonly (Stoppable | undefined)[]): (() => Promise<void>) =>
  () =>
    each(started().map((one) => () => one && ('stop' in one ? one.stop() : one.close())));

/** Prints a line for people: the progress of a long suite, or a measurement. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
