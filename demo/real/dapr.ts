import { Daprd } from '../../real-parts/daprd';
import { findPart } from '../../real-parts/find';
import type { Component } from '../manifests/component';

/** The gateway's sidecar as a real daprd, with the manifests' Components. */
export class RealDapr {
  running = true;
  readonly #daprd: Daprd;

  private constructor(
    readonly description: string,
    daprd: Daprd,
  ) {
    this.#daprd = daprd;
  }

  /** @param brokerUrl Replaces the Components' references to a secret. */
  static async open(appId: string, components: readonly Component[], brokerUrl: string): Promise<RealDapr> {
    const found = findPart('daprd');
    if (found.how === 'missing') throw new Error(`--dapr: ${found.why}`);
    const own = components.filter(({ scopes }) => scopes.length === 0 || scopes.includes(appId));
    const daprd = await Daprd.start(own.map((component) => withBroker(component, brokerUrl)));
    const response = await fetch(`http://127.0.0.1:${daprd.port}/v1.0/metadata`);
    const { runtimeVersion } = (await response.json()) as { runtimeVersion: string };
    return new RealDapr(`Dapr ${runtimeVersion}`, daprd);
  }

  get port(): number {
    return this.#daprd.port;
  }

  async start(): Promise<void> {
    await this.#daprd.resume();
    this.running = true;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.#daprd.kill();
  }

  /** Shuts it down for good. */
  async close(): Promise<void> {
    await this.#daprd.stop();
  }
}

/** The Component as it is written, with the broker's address instead of the reference to a secret. */
function withBroker({ name, settings }: Component, brokerUrl: string): object {
  const metadata = [...settings].map(([key, value]) => ({ name: key, value: value ?? brokerUrl }));
  return {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: { type: 'pubsub.rabbitmq', version: 'v1', metadata },
  };
}
