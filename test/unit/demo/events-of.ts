import { Events, type StackEvent } from '../../../demo/events';
import { ManualClock } from './manual-clock';

/** Events that are kept for a test to look at. */
export function keptEvents(clock = new ManualClock()): { events: Events; kept: StackEvent[]; texts: () => string[] } {
  const events = new Events(clock);
  const kept: StackEvent[] = [];
  events.on('event', (event) => kept.push(event));
  return { events, kept, texts: () => kept.map(({ text }) => text) };
}
