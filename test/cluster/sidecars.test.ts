import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { type Answer, isBalancerRefusal, sendMany, tally } from '../../real-parts/http';
import { get, kubectl } from '../../real-parts/kubernetes';
import { until } from '../../real-parts/wait';
import { describeWith, say, stopAll } from '../support/suite';
import { ClusterRig, NAMESPACE } from './cluster-rig';

const SENT = 50;

interface Pod {
  readonly spec: {
    readonly nodeName: string;
    readonly initContainers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status: {
    readonly initContainerStatuses: readonly {
      readonly name: string;
      readonly containerID: string;
      readonly restartCount: number;
    }[];
  };
}

const podOf = (name: string): Promise<Pod> => get<Pod>('pod', name, '-n', NAMESPACE);

const logOf = (pod: string, container: string): Promise<string> =>
  kubectl(['logs', pod, '-n', NAMESPACE, '-c', container]);

/**
 * A pod that sees the processes of its node. From inside its container the plugin server is process 1, which cannot be killed there.
 */
class Killer {
  static async start(near: string): Promise<Killer> {
    const { spec } = await podOf(near);
    const container = {
      name: 'killer',
      image: spec.initContainers.at(-1)?.image,
      command: ['sleep', '3600'],
      // Root with Kubernetes' default capabilities may signal any process that it sees.
      securityContext: { runAsUser: 0 },
    };
    const metadata = { name: 'killer', namespace: NAMESPACE };
    const pod = { hostPID: true, nodeName: spec.nodeName, terminationGracePeriodSeconds: 0, containers: [container] };
    await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: pod }));
    await kubectl(['wait', '--for=condition=Ready', 'pod/killer', '-n', NAMESPACE, '--timeout=60s']);
    return new Killer();
  }

  /** SIGKILL to the plugin server in a container. */
  async kill(containerId: string): Promise<void> {
    const script = `for p in /proc/[0-9]*; do
      if grep -q ${containerId} $p/cgroup 2>/dev/null && tr '\\0' ' ' < $p/cmdline | grep -q 'serve --socket'; then kill -9 \${p#/proc/} && echo killed; fi
    done`;
    const said = await kubectl(['exec', 'killer', '-n', NAMESPACE, '--', 'sh', '-c', script]);
    expect(said).toContain('killed');
  }

  async stop(): Promise<void> {
    for (const one of ['pod/killer', 'configmap/kong-plugin-serverless'])
      await kubectl(['delete', one, '-n', NAMESPACE, '--ignore-not-found', '--wait=false']);
  }
}

/** The ConfigMap as kong/INSTALL.md makes it. */
const applyConfigMap = async (): Promise<void> => {
  const executable = join(projectRoot, 'dist/serverless');
  const folder = makeFolder('configmap');
  writeFileSync(join(folder, 'serverless.gz'), gzipSync(readFileSync(executable), { level: 9 }));
  writeFileSync(join(folder, 'dump.json'), execFileSync(process.execPath, [executable, '-dump']));
  const manifest = await kubectl([
    ...['create', 'configmap', 'kong-plugin-serverless', '-n', NAMESPACE, '--dry-run=client', '-o', 'yaml'],
    ...['serverless.gz', 'dump.json'].map((file) => `--from-file=${join(folder, file)}`),
  ]);
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifest);
  await removeFolder(folder);
};

describe.each(['values-plugin-image.yaml', 'values-configmap.yaml'] as const)('%s', (values) => {
  describeWith(['kubernetes'], 'a stock Kong with the plugin server and its standby as sidecars', () => {
    let rig: ClusterRig;
    let killer: Killer;
    beforeAll(async () => {
      if (values === 'values-configmap.yaml') await applyConfigMap();
      rig = await ClusterRig.start(values);
      const [pod = ''] = await rig.gatewayPods();
      killer = await Killer.start(pod);
    }, 900_000);
    afterAll(
      stopAll(() => [killer, rig]),
      300_000,
    );

    test('SIGKILL of the plugin server: the standby holds the very next requests, and Kubernetes’ new one stands by', async () => {
      const [pod = ''] = await rig.gatewayPods();
      for (const backend of ['foo', 'bar']) await rig.sleeps(backend);
      await until('the second one stands by', async () =>
        (await logOf(pod, 'serverless-standby')).includes('plugin server is standby'),
      );
      // The pod is not Ready while one of its containers is restarted, so its Service refuses new connections. These last.
      const agent = new Agent({ keepAlive: true, maxSockets: SENT });
      const burst = (path: string): Promise<Answer[]> => sendMany(SENT, { ...rig.at(path), agent });
      expect(tally(await burst('/foo'))).toEqual({ 200: SENT });

      const { status } = await podOf(pod);
      const first = status.initContainerStatuses.find(({ name }) => name === 'serverless')!;
      await killer.kill(first.containerID.replace(/^.*:\/\//, ''));
      const cold = await burst('/bar');
      agent.destroy();
      const through = cold.filter(isBalancerRefusal);
      say(
        `${values}: after SIGKILL of the plugin server ${JSON.stringify(tally(cold))}, ${through.length} let through`,
      );
      expect(tally(cold)).toEqual({ 200: SENT });

      expect(await logOf(pod, 'serverless-standby')).toContain('plugin server is active');
      await until('the first one is back, and stands by', async () =>
        (await logOf(pod, 'serverless')).includes('plugin server is standby'),
      );
      expect((await podOf(pod)).status.initContainerStatuses).toContainEqual(
        expect.objectContaining({ name: 'serverless', restartCount: 1 }),
      );
    }, 400_000);
  });
});
