import fs from 'node:fs';
import type { LogTarget } from '../../../src/adapters/log-destination';
import * as destination from '../../../src/adapters/log-destination';
import { createLogger } from '../../../src/adapters/logger';

const target: LogTarget = { fd: 2, waits: false };
let written: string[];

beforeEach(() => {
  written = [];
  jest.spyOn(destination, 'standardError').mockReturnValue(target);
  jest.spyOn(fs, 'writeSync').mockImplementation((fd, chunk) => {
    written.push(`${fd} ${chunk}`);
    return chunk.length;
  });
});

afterEach(() => jest.restoreAllMocks());

test('the process log writes JSON lines to standard error, from the level on', () => {
  const logger = createLogger('warn');
  logger.info({}, 'not this');
  logger.warn({ backend: '/kong' }, 'this');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^2 \{"level":40,"time":"\d{4}-.*"pid":\d+,"backend":"\/kong","msg":"this"\}\n$/);
});

test('facts that cannot be written cost their line, and nobody an exception', () => {
  const logger = createLogger('info');
  const hostile = {
    get message(): string {
      throw new Error('no');
    },
  };
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    expect(() => {
      logger[level]({ err: Object.setPrototypeOf(hostile, Error.prototype) as Error, hostile }, 'look');
    }).not.toThrow();
  }
  const lost = logger.linesDropped();
  expect(lost + written.length).toBe(3);
  logger.info({}, 'next');
  expect(written.join('')).toContain('"msg":"next"');
});

test('lines that were lost are told of in the log, and counted', () => {
  const logger = createLogger('info');
  logger.warn({ huge: 'x'.repeat(300_000) }, 'too long');
  logger.info({}, 'next');
  expect(logger.linesDropped()).toBe(1);
  expect(written).toHaveLength(2);
  expect(written[1]).toMatch(/"level":50.*"dropped":1,"msg":"1 log lines were dropped/);
});

test('the end of the process writes what could not be written before', () => {
  const on = jest.spyOn(process, 'on');
  const logger = createLogger('info');
  const [, atExit] = on.mock.calls.find(([event]) => event === ('exit' as string))!;
  jest.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('full'), { code: 'EAGAIN' });
  });
  logger.info({}, 'the last words');
  expect(written).toEqual([]);
  (atExit as () => void)();
  expect(written.join('')).toContain('the last words');
});

test('for people the process log writes what they can read', () => {
  createLogger('info', 'pretty').warn({ backend: '/kong' }, 'look at this');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^2 \d\d:\d\d:\d\d\.\d{3} WARN {2}look at this {2}backend=\/kong\n$/);
});
