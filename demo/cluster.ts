import { faster, withScaleInWindow } from './fast';
import { readCluster } from './manifests/cluster';
import type { Cluster } from './manifests/cluster';
import type { DemoOptions } from './options';

/** What the manifests say, with what the options change about it. Throws ManifestError. */
export function clusterOf(root: string, options: DemoOptions): Cluster {
  const written = readCluster(root, options.manifests);
  const cluster = options.fast ? faster(written) : written;
  if (options.scaleInWindowMs === undefined) return cluster;
  return { ...cluster, scalings: withScaleInWindow(cluster.scalings, options.scaleInWindowMs) };
}
