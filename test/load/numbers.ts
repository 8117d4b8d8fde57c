import { readFileSync } from 'node:fs';
import { percentile } from '../../real-parts/http';

/** Of several rounds, the one in the middle. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value of a counter in Prometheus' text format, over all label sets that contain `labels`. */
export const counterOf = (metrics: string, name: string, labels: string): number =>
  metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

/**
 * CPU time of this thread so far, milliseconds: how long its event loop was busy, whatever else the machine does meanwhile. Where Linux
 * does not count it, the time that has passed.
 */
export const busyMs = (): number => {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6;
  } catch {
    return performance.now();
  }
};

/** Resident memory of a process, kB. */
export const rssKb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
