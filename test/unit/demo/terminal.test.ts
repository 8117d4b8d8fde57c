import { Journal } from '../../../demo/journal';
import { showJournal, type TerminalOptions } from '../../../demo/terminal';
import { ManualClock } from './manual-clock';

function linesWith(options: Partial<TerminalOptions>): string[] {
  const lines: string[] = [];
  const journal = new Journal(new ManualClock());
  showJournal(journal, { json: false, quiet: false, colour: false, write: (line) => lines.push(line), ...options });
  journal.info('keda', 'consumer: 0 -> 1 replicas');
  journal.warn('replica', 'consumer-1 has ended');
  journal.error('plugin', 'gone');
  return lines;
}

describe('the terminal', () => {
  test('one line per entry, with time and source', () => {
    const lines = linesWith({});
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\d\d:00:00\.000 {2}keda {5}consumer: 0 -> 1 replicas$/);
    expect(lines[1]).toContain('warn: consumer-1 has ended');
    expect(lines[2]).toContain('error: gone');
  });

  test('--quiet leaves out what went well', () => {
    expect(linesWith({ quiet: true })).toHaveLength(2);
  });

  test('--json is one object per line', () => {
    expect(linesWith({ json: true }).map((line) => JSON.parse(line) as unknown)[0]).toEqual({
      at: Date.parse('2026-01-01T00:00:00Z'),
      source: 'keda',
      level: 'info',
      text: 'consumer: 0 -> 1 replicas',
    });
  });

  test('colour only where it is wanted', () => {
    expect(linesWith({ colour: true }).join('')).toContain('\u001b[');
    expect(linesWith({}).join('')).not.toContain('\u001b[');
  });
});
