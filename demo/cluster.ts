import { faster, withScaleInWindow } from './fast';
import { ManifestError } from './manifests/field';
import { readCluster } from './manifests/cluster';
import type { Cluster } from './manifests/cluster';
import type { DemoOptions } from './options';

/** What the manifests say, with what the options change about it. Throws ManifestError. */
export function clusterOf(root: string, options: DemoOptions): Cluster {
  const written = readCluster(root, options.manifests);
  for (const { name, push } of written.scalings) {
    if (options.push === (push !== undefined)) continue;
    const trigger = options.push ? 'reads a queue' : 'has a push trigger';
    throw new ManifestError(`ScaledObject ${name} ${trigger}: with --push each has a push trigger, without it none`);
  }
  const cluster = options.fast ? faster(written) : written;
  if (options.scaleInWindowMs === undefined) return cluster;
  return { ...cluster, scalings: withScaleInWindow(cluster.scalings, options.scaleInWindowMs) };
}
