import { every } from '../clock';
import type { Clock } from '../clock';
import type { ReadinessProbe } from '../manifests/workload';

/**
 * Probes a replica as the kubelet does, and reports each change. The probe fails while `port` is undefined: the process does not
 * listen yet. Returns a function that stops it.
 */
export function watchReadiness(
  probe: ReadinessProbe,
  port: () => number | undefined,
  clock: Clock,
  changed: (ready: boolean) => void,
): () => void {
  let ready = false;
  let inARow = 0;
  let stopPeriod: () => void = () => undefined;

  const once = async (): Promise<void> => {
    const passed = await passes(probe, port());
    inARow = passed === ready ? 0 : inARow + 1;
    if (inARow < (ready ? probe.failures : probe.successes)) return;
    ready = passed;
    inARow = 0;
    changed(ready);
  };
  const stopDelay = clock.after(probe.initialDelayMs, () => {
    void once();
    stopPeriod = every(clock, probe.periodMs, once);
  });
  return () => {
    stopDelay();
    stopPeriod();
  };
}

async function passes(probe: ReadinessProbe, port: number | undefined): Promise<boolean> {
  if (port === undefined) return false;
  try {
    const response = await fetch(`http://127.0.0.1:${port}${probe.path}`, {
      signal: AbortSignal.timeout(probe.timeoutMs),
      redirect: 'manual',
      // The kubelet keeps no connection either; here one would look to the plugin like a request that is not finished.
      headers: { connection: 'close' },
    });
    await response.arrayBuffer();
    return response.status >= 200 && response.status < 400;
  } catch {
    return false;
  }
}
