import { type Examination, ok, skipped, warning } from '../diagnosis';

const FILE = '/proc/sys/net/core/somaxconn';
/** The backlog at which a burst of 2,000 requests lost none (K4); also Linux' default. */
const ENOUGH = 4096;

export const listenBacklog: Examination = {
  id: 'listen-backlog',
  title: 'The kernel queues a burst of connections',
  // K4.
  why: 'Connections of Kong to the plugin server beyond the queue are refused, and their requests let through.',
  examine(at) {
    const value = Number(at.readFile(FILE) ?? NaN);
    if (!Number.isFinite(value)) return [skipped(`${FILE} cannot be read here.`)];
    if (value >= ENOUGH) return [ok(`net.core.somaxconn is ${value}.`)];
    return [
      warning(
        `net.core.somaxconn is ${value}.`,
        `Set the sysctl net.core.somaxconn to ${ENOUGH} or more, for the pod or the node.`,
      ),
    ];
  },
};
