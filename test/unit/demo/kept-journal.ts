import { Journal, type JournalEntry } from '../../../demo/journal';
import { ManualClock } from './manual-clock';

/** A journal whose entries are kept for a test to look at. */
export function keptJournal(clock = new ManualClock()): {
  journal: Journal;
  kept: JournalEntry[];
  texts: () => string[];
} {
  const journal = new Journal(clock);
  const kept: JournalEntry[] = [];
  journal.on('entry', (entry) => kept.push(entry));
  return { journal, kept, texts: () => kept.map(({ text }) => text) };
}
