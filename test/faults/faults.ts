import { sleep } from '../../real-parts/wait';
import type { Fault } from './schedule';
import type { World } from './world';

/** How long what a killed nginx worker had takes to be seen to end, milliseconds. */
const WORKER_GONE_MS = 2000;

/** Whether this world can have it. */
export function isMade({ kind }: Fault, { gateway, kubernetes }: World): boolean {
  if (kind === 'reload') return gateway.reload !== undefined;
  if (kind === 'worker-killed') return gateway.killWorker !== undefined;
  if (kind === 'api-server') return kubernetes !== undefined;
  // A worker whose StartInstance meets a closed connection would spin for ever (K7).
  return kind !== 'descriptors' || !gateway.spins;
}

/** Makes a fault, and mends it. Resolves when the world is as it should be. */
export async function make(fault: Fault, world: World): Promise<void> {
  const { servers, gateway, cluster, dapr } = world;
  if (!isMade(fault, world)) return;
  switch (fault.kind) {
    case 'server':
      return servers.end(fault.how, fault.log);
    case 'freeze':
      return servers.freeze(fault.forMs);
    case 'descriptors':
      return servers.withoutDescriptors(fault.forMs);
    case 'clock':
      servers.jump(fault.byMs);
      return;
    case 'block':
      return servers.block(fault.forMs);
    case 'standby-killed':
      return servers.endStandby();
    case 'reload':
      return cluster.reload(async () => {
        const from = performance.now();
        const replaced = (await gateway.reload?.()) ?? [];
        world.incidents.push({ kind: 'reload', from, to: performance.now(), replaced });
      });
    case 'worker-killed': {
      const from = performance.now();
      world.incidents.push({ kind: 'worker-killed', from, to: from + WORKER_GONE_MS });
      return gateway.killWorker?.();
    }
    case 'pushes':
      return cluster.flapTargets(fault.backend, fault.count);
    case 'dapr':
      await dapr.become(fault.way);
      await sleep(fault.forMs);
      return dapr.become('well');
    case 'keda-paused':
      cluster.pause(fault.forMs);
      return;
    case 'backend':
      return beUnwell(fault, world);
    case 'scaled-in':
      return cluster.scaleIn(fault.backend);
    case 'api-server':
      return world.withoutApiServer(fault.forMs);
  }
}

/** How often a backend that goes up and down changes its mind, milliseconds. */
const FLAP_MS = 250;

async function beUnwell({ backend, way, forMs }: Extract<Fault, { kind: 'backend' }>, world: World): Promise<void> {
  const pod = world.pods.get(backend);
  if (pod === undefined || pod.state === 'down') return;
  // One that is scaled in meanwhile is down, whatever it would be.
  const become = async (...state: Parameters<typeof pod.become>): Promise<void> => {
    if (pod.state !== 'down') await pod.become(...state);
  };
  switch (way) {
    case 'crash':
      return world.cluster.crash(backend);
    case 'one-probe':
      await become('ready', 1);
      await sleep(forMs);
      break;
    case 'flap':
      for (let ms = 0; ms < forMs; ms += 2 * FLAP_MS) {
        await become('starting');
        await sleep(FLAP_MS);
        await become('ready');
        await sleep(FLAP_MS);
      }
      break;
    case 'hang':
    case 'fail':
    case 'redirect':
    case 'slow-health':
      await become(way);
      await sleep(forMs);
  }
  await become('ready');
}
