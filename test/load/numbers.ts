import { percentile } from '../../real-parts/http';

/** Of several rounds, the one in the middle. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value of a counter in Prometheus' text format, over all label sets that contain `labels`. */
export const counterOf = (metrics: string, name: string, labels: string): number =>
  metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
