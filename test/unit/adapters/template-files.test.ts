import { rmSync, writeFileSync } from 'node:fs';
import { TemplateFiles } from '../../../src/adapters/template-files';
import { FakeClock } from '../../support/fake-clock';
import { RecordingLog, TempFolder } from '../server/server-rig';

const folder = new TempFolder();
const path = folder.file('page.html');
let clock: FakeClock;
let log: RecordingLog;
let files: TemplateFiles;

beforeEach(() => {
  clock = new FakeClock();
  log = new RecordingLog();
  files = new TemplateFiles(clock, log, (text) => (text.includes('bad') ? ['it is bad'] : []));
});
afterAll(() => {
  folder.remove();
});

test('a template is read once, and again when a mounted one may have changed', async () => {
  writeFileSync(path, 'one');
  expect(await files.read(path)).toBe('one');
  writeFileSync(path, 'two');
  await clock.advance(9_999);
  expect(await files.read(path)).toBe('one');
  await clock.advance(1);
  expect(await files.read(path)).toBe('two');
  expect(log.lines).toEqual([]);
});

test('one that cannot be used is not, and the log says why', async () => {
  writeFileSync(path, 'bad');
  expect(await files.read(path)).toBeUndefined();
  expect(log.lines).toEqual([
    {
      level: 'warn',
      text: 'the template of a waiting page is not used',
      fields: { template: path, problems: ['it is bad'] },
    },
  ]);
});

test('one that is gone is not used, is said once for as long, and is used again when it is back', async () => {
  rmSync(path, { force: true });
  expect(await files.read(path)).toBeUndefined();
  expect(await files.read(path)).toBeUndefined();
  expect(log.texts('warn')).toEqual(['the template of a waiting page cannot be read']);
  writeFileSync(path, 'back');
  await clock.advance(10_000);
  expect(await files.read(path)).toBe('back');
});
