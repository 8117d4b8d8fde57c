import fc from 'fast-check';
import { formatProblems, parseConfig } from '../../../src/config/parse';
import { configSchema } from '../../../src/config/schema';
import { entry } from './configs';

/** Keys of the definition with arbitrary values: gets deeper into it than arbitrary objects would. */
const nearMiss = fc.record(
  Object.fromEntries(
    Object.keys(configSchema.properties).map((name) => [
      name,
      fc.oneof(fc.jsonValue(), fc.constant([entry(), null, entry()]), fc.integer({ min: 1, max: 1000 })),
    ]),
  ),
  { requiredKeys: [] },
);

test('whatever is given, the answer is backends, or problems that each say where and what to write', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), nearMiss, fc.anything()), (input) => {
      const parsed = parseConfig(input);
      if (parsed.ok) return parsed.backends.length > 0;
      const complete = parsed.problems.every(
        ({ field, value, message }) => field !== '' && value !== '' && message !== '',
      );
      return complete && parsed.problems.length > 0 && formatProblems(parsed.problems) !== '';
    }),
    { numRuns: 2000 },
  );
});

test('a valid configuration means the same when it is read twice', () => {
  fc.assert(
    fc.property(
      fc.record({
        count: fc.integer({ min: 1, max: 1000 }),
        interval: fc.integer({ min: 10, max: 3600 }),
        max_message_rate: fc.double({ min: 0.1, max: 1000, noNaN: true }),
        on_timeout: fc.constantFrom('reject', 'pass'),
      }),
      (fields) => {
        const config = { backend: [entry()], ...fields };
        const first = parseConfig(config);
        expect(first.ok).toBe(true);
        expect(parseConfig(config)).toEqual(first);
      },
    ),
  );
});
