import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CERTIFICATE } from '../../demo/kubernetes/certificate';
import { FakeApiServer } from './fake-api-server';

/** An EndpointSlice with one pod that listens on a port of its own; Ready or not. */
export const podSlice = (
  service: string,
  pod?: { address: string; port: number; ready?: boolean; leaving?: boolean },
) => ({
  metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
  ports: pod === undefined ? null : [{ name: '', port: pod.port, protocol: 'TCP' }],
  endpoints:
    pod === undefined
      ? null
      : [
          {
            addresses: [pod.address],
            conditions: { ready: pod.ready ?? false, serving: pod.ready ?? false, terminating: pod.leaving ?? false },
          },
        ],
});

/** A Kubernetes API for a process, and the service account that it finds it by. */
export class KubernetesAccount {
  private constructor(
    readonly api: FakeApiServer,
    readonly folder: string,
  ) {}

  static async start(): Promise<KubernetesAccount> {
    const folder = mkdtempSync(join(tmpdir(), 'account-'));
    writeFileSync(join(folder, 'token'), 'token\n');
    writeFileSync(join(folder, 'ca.crt'), CERTIFICATE);
    return new KubernetesAccount(await new FakeApiServer().start(), folder);
  }

  /** For the process. */
  get env(): Record<string, string> {
    return {
      KUBERNETES_SERVICE_HOST: this.api.host,
      KUBERNETES_SERVICE_PORT: this.api.port,
      SERVERLESS_KUBERNETES: this.folder,
    };
  }

  /** The pod of a Service, from now on. */
  pod(service: string, pod?: Parameters<typeof podSlice>[1]): void {
    const slice = podSlice(service, pod);
    this.api.slices = [...this.api.slices.filter((one) => !isOf(one, service)), slice];
    this.api.tell('MODIFIED', slice);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const isOf = (slice: object, service: string): boolean =>
  (slice as ReturnType<typeof podSlice>).metadata.labels['kubernetes.io/service-name'] === service;
