import { configSchema } from '../../config/schema';
import { KONG } from '../../manifests/host-defaults';
import { type Diagnosis, type Examination, ok, skipped, type Surroundings, warning } from '../diagnosis';
import { processes, setting, workers } from '../nginx';

/** Connections of nginx that one held request occupies: the client's and the plugin server's (K5). */
const PER_HOLD = 2;
/** Most requests held for one backend unless it says otherwise. */
const { default: defaultMaxHeld } = configSchema.properties.max_held;

export const connectionLimits: Examination = {
  id: 'connection-limits',
  title: 'File descriptors and worker_connections allow as many held requests as are configured',
  // K5.
  why: 'A worker without a free connection turns clients away, or lets their requests through to the sleeping backend.',
  examine(at) {
    const wanted = wantedHolds(at);
    const own = workers(at);
    const servers = processes(at, /(^|[ /])serverless(?! (check|doctor)\b)( |$)/);
    if (own.length === 0) return [skipped('No nginx worker is visible from here.'), ...ofServer(servers, wanted)];
    const connections = Number(setting(at, 'worker_connections', ['KONG_NGINX_EVENTS_WORKER_CONNECTIONS']) ?? NaN);
    const perWorker = own.map(({ openFiles = KONG.workerConnections }) =>
      Math.min(openFiles, Number.isFinite(connections) ? connections : KONG.workerConnections),
    );
    const holds = Math.floor(perWorker.reduce((sum, each) => sum + each, 0) / PER_HOLD);
    const seen = `${own.length} nginx workers with ${Math.min(...perWorker)} connections each can hold ${holds} requests`;
    const fix = `Raise the container's limit of open files (ulimit -n) and nginx_events_worker_connections to ${wanted * PER_HOLD} or more, or lower max_held.`;
    const ofWorkers =
      holds >= wanted
        ? ok(`${seen}; ${wanted} are configured.`)
        : warning(`${seen}, and ${wanted} are configured.`, fix);
    return [ofWorkers, ...ofServer(servers, wanted)];
  },
};

/** All backends at their limit, within the bound of the process. */
function wantedHolds({ backends, settings }: Surroundings): number {
  const sum = backends.reduce((total, { maxHeld }) => total + (maxHeld ?? defaultMaxHeld), 0);
  return Math.min(sum === 0 ? defaultMaxHeld : sum, settings.maxHeld ?? Infinity);
}

function ofServer(servers: ReturnType<typeof processes>, wanted: number): Diagnosis[] {
  const short = servers.find(({ openFiles = Infinity }) => openFiles < wanted);
  if (short === undefined) return [];
  const message = `The plugin server (pid ${short.pid}) may open ${short.openFiles ?? 0} files, and ${wanted} held requests are configured.`;
  return [warning(message, `Raise its limit of open files (ulimit -n) above ${wanted}.`)];
}
