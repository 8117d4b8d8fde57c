import type { Asked } from '../core/ports';
import { UNKNOWN_WORKER } from '../core/reports';
import { shuttingDown } from '../core/errors';
import type { Origin } from './origin';
import type { Registry } from './registry';

/** Nobody's: it has no Host, and belongs to no trace. */
const NOBODY: Origin = { host: undefined, traceparent: undefined };

/** What an operator asks for a backend, by its key. Only those that a request has come for are known. */
export class OperatorRequests {
  readonly #registry: Registry;
  readonly #draining: () => boolean;
  /** Keys that are being woken for an operator. */
  readonly #waking = new Set<string>();

  constructor(registry: Registry, draining: () => boolean) {
    this.#registry = registry;
    this.#draining = draining;
  }

  /** Wakes it as a request would: one that waits, counts, and is let go, but that nobody has sent. */
  wake(key: string): Asked {
    const activator = this.#registry.find(key);
    if (activator === undefined) return { kind: 'unknown' };
    if (!this.#waking.has(key)) {
      if (this.#draining()) return rejectedBy(shuttingDown());
      const entry = activator.enter({ worker: UNKNOWN_WORKER, wakes: true, backend: activator.backend });
      if (entry.kind === 'rejected') return rejectedBy(entry.error);
      if (entry.kind === 'held') {
        this.#waking.add(key);
        entry.identify(NOBODY);
        void entry.outcome.then(() => this.#waking.delete(key));
      }
    }
    return { kind: 'done', state: activator.status().state };
  }

  sleep(key: string): Asked {
    const activator = this.#registry.find(key);
    if (activator === undefined) return { kind: 'unknown' };
    if (!activator.forget()) return { kind: 'busy' };
    return { kind: 'done', state: activator.status().state };
  }
}

function rejectedBy({ code, detail }: { readonly code: string; readonly detail: string }): Asked {
  return { kind: 'rejected', code, detail };
}
