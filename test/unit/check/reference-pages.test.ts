import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsPage } from '../../../src/adapters/metrics-page';
import { doctorPage } from '../../../src/doctor/checks-page';
import { checkPage } from '../../../src/check/rules-page';

const docs = join(__dirname, '../../../docs');

test.each([
  ['check.md', checkPage],
  ['doctor.md', doctorPage],
  ['metrics.md', metricsPage],
])('docs/%s is what the code makes of it', (file, page) => {
  expect(readFileSync(join(docs, file), 'utf8')).toBe(page());
});
