import { percentile } from '../../real-parts/http';
import { median } from '../load/numbers';
import { writeSection } from '../support/page-section';
import type { Column, Moments } from './fast-lane';

interface Figures {
  readonly column: Column;
  readonly byRequest: readonly Moments[];
  readonly byHand: readonly Moments[];
}

/** Writes the figures into docs/cold-start.md, between the markers of the fast lane. */
export const documentFastLane = (figures: readonly Figures[]): void => {
  const row = (name: string, cell: (one: Figures) => number): string =>
    `| ${name} | ${figures.map((one) => cell(one).toFixed(0)).join(' | ')} |`;
  const of = (kind: 'byRequest' | 'byHand', moment: keyof Moments) => (one: Figures) =>
    median(one[kind].map((moments) => moments[moment]));
  const after = ({ byRequest }: Figures): number[] =>
    byRequest.map(({ answered, podAnswers }) => answered - podAnswers);
  const table = [
    `| median, ms after the start began | ${figures.map(({ column }) => column.title).join(' | ')} |`,
    `| --- | ${figures.map(() => '--:').join(' | ')} |`,
    row('an EndpointSlice has its address', of('byRequest', 'address')),
    row('the pod answers at its own address', of('byRequest', 'podAnswers')),
    row('**a request that waits is answered**', of('byRequest', 'answered')),
    row('the pod is Ready', of('byRequest', 'ready')),
    row('by hand: the pod answers at its own address', of('byHand', 'podAnswers')),
    row('by hand: Kong answers, on a route without the plugin', of('byHand', 'answered')),
    row('answered after the pod did: median', (one) => median(after(one))),
    row('answered after the pod did: p95', (one) => percentile(after(one), 0.95)),
  ].join('\n');
  writeSection('docs/cold-start.md', 'fast lane', table);
};
