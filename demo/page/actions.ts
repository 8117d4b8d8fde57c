import type { Journal } from '../journal';
import type { Cluster } from '../manifests/cluster';
import type { Deployment } from '../replicas/deployment';
import type { Traffic } from '../traffic';
import type { Action } from './server';

/** What a button stops and starts again. */
export interface Part {
  readonly description: string;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The parts between gateway and KEDA, as the log calls them. */
const PARTS = { dapr: 'Dapr', broker: 'the broker', scaler: 'the scaler' } as const;
export type PartName = keyof typeof PARTS;

interface ActionTargets {
  readonly cluster: Cluster;
  readonly deployments: readonly Deployment[];
  readonly traffic: Traffic;
  readonly parts: Readonly<Partial<Record<PartName, Part>>>;
  /** Publishes one job as a Deployment's own application. Rejects with the reason. */
  readonly publishJob: (deployment: Deployment, path: string, job: object) => Promise<void>;
  readonly journal: Journal;
}

/** What the page's buttons do, by name. */
export function actionsOf(targets: ActionTargets): ReadonlyMap<string, Action> {
  const { cluster, deployments, traffic, parts, publishJob, journal } = targets;
  const deploymentOf = (name: string): Deployment => {
    const deployment = deployments.find((candidate) => candidate.name === name);
    if (deployment === undefined) throw new Error(`no backend ${name}`);
    return deployment;
  };
  const toggle = (what: string, stoppable: Part): Action => {
    return async () => {
      const stopping = stoppable.running;
      journal.warn('demo', `${what} is ${stopping ? 'stopped' : 'started'}`);
      await (stopping ? stoppable.stop() : stoppable.start());
      return stopping ? `${what} is stopped` : `${what} runs`;
    };
  };
  const sendAs = (as: 'client' | 'crawler'): Action => {
    return ({ backend, count }) => {
      const path = cluster.paths.find(({ workload }) => workload.name === backend)?.written;
      if (path === undefined) return Promise.reject(new Error(`no Ingress leads to ${backend}`));
      void traffic.send(path, count, as);
      return Promise.resolve(`${count} sent`);
    };
  };
  return new Map<string, Action>([
    ['send', sendAs('client')],
    ['crawl', sendAs('crawler')],
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
    ...Object.entries(parts).map(([name, part]) => [name, toggle(PARTS[name as PartName], part)] as const),
  ]);
}
