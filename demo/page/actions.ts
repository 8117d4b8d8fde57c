import type { Broker } from '../broker/broker';
import type { Journal } from '../journal';
import type { Cluster } from '../manifests/cluster';
import type { Deployment } from '../replicas/deployment';
import type { Traffic } from '../traffic';
import type { Action } from './server';

/** What a button stops and starts again. */
type Stoppable = Pick<Broker, 'running' | 'start' | 'stop'>;

interface ActionTargets {
  readonly cluster: Cluster;
  readonly deployments: readonly Deployment[];
  readonly traffic: Traffic;
  readonly dapr: Stoppable;
  /** Publishes one job as a Deployment's own application. Rejects with the reason. */
  readonly publishJob: (deployment: Deployment, path: string, job: object) => Promise<void>;
  readonly broker: Stoppable;
  readonly journal: Journal;
}

/** What the page's buttons do, by name. */
export function actionsOf(targets: ActionTargets): ReadonlyMap<string, Action> {
  const { cluster, deployments, traffic, dapr, publishJob, broker, journal } = targets;
  const deploymentOf = (name: string): Deployment => {
    const deployment = deployments.find((candidate) => candidate.name === name);
    if (deployment === undefined) throw new Error(`no backend ${name}`);
    return deployment;
  };
  const toggle = (what: string, stoppable: Stoppable): Action => {
    return async () => {
      const stopping = stoppable.running;
      journal.warn('demo', `${what} is ${stopping ? 'stopped' : 'started'}`);
      await (stopping ? stoppable.stop() : stoppable.start());
      return stopping ? `${what} is stopped` : `${what} runs`;
    };
  };
  return new Map<string, Action>([
    [
      'send',
      ({ backend, count }) => {
        const path = cluster.paths.find(({ workload }) => workload.name === backend)?.written;
        if (path === undefined) return Promise.reject(new Error(`no Ingress leads to ${backend}`));
        void traffic.send(path, count);
        return Promise.resolve(`${count} sent`);
      },
    ],
    [
      'kill',
      async ({ backend }) => {
        const killed = await deploymentOf(backend).killOne();
        if (killed === undefined) throw new Error(`${backend} has no replica`);
        return `${killed} is killed`;
      },
    ],
    [
      'jobs',
      async ({ backend, count }) => {
        const deployment = deploymentOf(backend);
        const { PUBSUB, TOPIC } = deployment.workload.process.env;
        if (PUBSUB === undefined || TOPIC === undefined) throw new Error(`${backend} takes no jobs`);
        for (let job = 1; job <= count; job++)
          await publishJob(deployment, `/v1.0/publish/${PUBSUB}/${TOPIC}`, { job });
        return `${count} jobs published`;
      },
    ],
    ['dapr', toggle('Dapr', dapr)],
    ['broker', toggle('the broker', broker)],
  ]);
}
