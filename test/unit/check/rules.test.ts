import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from '../../../src/check/rules/index';
import { checkSources } from '../../../src/check/run';

const folder = join(__dirname, '../../../src/check/rules');
const gateway = { appId: undefined, namespace: 'kong', url: 'http://127.0.0.1:8000', skip: [] };

const files = readdirSync(folder);
const ids = files.filter((file) => file.endsWith('.ts') && file !== 'index.ts').map((file) => file.slice(0, -3));

/** Lines of a broken example that carry the marker. */
function markedLines(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (line.includes('# <--') ? [index + 1] : []));
}

test('every file of the rules folder is a rule of the list, and the other way round', () => {
  expect(rules.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test('every broken example belongs to a rule', () => {
  const examples = files.filter((file) => !file.endsWith('.ts')).map((file) => file.replace('.broken.yaml', ''));
  expect(examples.sort()).toEqual(ids.sort());
});

describe.each(ids)('%s', (id) => {
  const file = join(folder, `${id}.broken.yaml`);
  const text = readFileSync(file, 'utf8');
  const report = checkSources([{ file, text, namespace: 'default' }], gateway);

  test('fires on the marked lines of its broken example, and nowhere else', () => {
    const lines = report.findings.filter(({ rule }) => rule === id).map(({ line }) => line);
    expect(markedLines(text).length).toBeGreaterThan(0);
    expect(lines).toEqual(markedLines(text));
  });

  test('is the only rule that its broken example breaks', () => {
    expect(report.findings.filter(({ rule }) => rule !== id).map(({ rule, message }) => `${rule}: ${message}`)).toEqual(
      [],
    );
  });

  test('says what is wrong, why it matters and what to do', () => {
    for (const { message, why, fix, document, field } of report.findings) {
      for (const sentence of [message, why, fix]) expect(sentence).toMatch(/^\S.*\.$/);
      expect(document.kind).not.toBe('');
      expect(field).not.toBe('');
    }
  });
});
