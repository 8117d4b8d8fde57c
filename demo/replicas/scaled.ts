import { join } from 'node:path';
import type { Clock } from '../clock';
import type { Journal } from '../journal';
import type { Demand } from '../keda/demand';
import { Scaler } from '../keda/scaler';
import type { Cluster } from '../manifests/cluster';
import type { Workload } from '../manifests/workload';
import { Deployment } from './deployment';
import { argumentsOf } from './files';
import type { Replica } from './replica';

/** How long a replica takes to start where neither its manifest nor `--boot-time` says. */
const BOOT_MS = 1500;

interface ScaledContext {
  /** The repository, for the replicas' program. */
  readonly root: string;
  /** For the files of ConfigMap volumes. */
  readonly folder: string;
  /** How long every replica takes to start; undefined: as its manifest says. */
  readonly bootMs: number | undefined;
  readonly demand: Demand;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Called whenever a replica becomes ready, becomes unready, or exits. */
  readonly onChange: (workload: Workload, replica: Replica) => void;
}

/** The manifests' Deployments, each with the scaler of its ScaledObject if it has one. */
export class ScaledDeployments {
  readonly deployments: readonly Deployment[];
  readonly scalers: readonly Scaler[];

  constructor(cluster: Cluster, { root, folder, bootMs, demand, clock, journal, onChange }: ScaledContext) {
    const program = join(root, 'dist/backend.js');
    this.deployments = cluster.workloads.map((workload) => {
      const fallbackMs = 'BOOT_TIME_MS' in workload.process.env ? undefined : BOOT_MS;
      const options = { program, args: argumentsOf(workload, folder), bootMs: bootMs ?? fallbackMs };
      return new Deployment(workload, options, clock, journal, (replica) => {
        onChange(workload, replica);
      });
    });
    this.scalers = cluster.scalings.flatMap((scaling) =>
      this.deployments
        .filter(({ name }) => name === scaling.target)
        .map((deployment) => new Scaler(scaling, deployment, demand, clock, journal)),
    );
  }

  /** Starts scaling. A Deployment without a ScaledObject gets the replicas that its manifest says. */
  start(): void {
    for (const scaler of this.scalers) scaler.start();
    for (const deployment of this.deployments) {
      if (!this.scalers.some(({ scaling }) => scaling.target === deployment.name))
        deployment.scale(deployment.workload.replicas);
    }
  }

  /** From now on the number of replicas stays as it is. */
  stopScaling(): void {
    for (const scaler of this.scalers) scaler.stop();
  }

  /** Kills all replicas. */
  async close(): Promise<void> {
    await Promise.all(this.deployments.map((deployment) => deployment.close()));
  }
}
