import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** What a held request costs in this process, with a margin over what `npm run bench` measures. Bytes. */
const BYTES_PER_HOLD = 32 * 1024;
/** Share of the memory limit that held requests may take. */
const SHARE = 0.25;
/** Below this a limit would refuse ordinary bursts, above it connections are the bound (K5). */
const LEAST = 100;
const MOST = 16_384;

/** The container's memory limit, bytes: cgroup v2, then v1, then the machine's memory. */
function memoryLimit(): number {
  for (const file of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const limit = Number(readFileSync(file, 'utf8'));
      if (Number.isFinite(limit) && limit > 0) return Math.min(limit, totalmem());
    } catch {
      // Not this version of cgroups: the next one.
    }
  }
  return totalmem();
}

/** How many requests the process may hold at once, from the memory that it has. */
export function defaultMaxHeld(): number {
  return Math.min(MOST, Math.max(LEAST, Math.floor((memoryLimit() * SHARE) / BYTES_PER_HOLD)));
}
