import { sleep } from '../../real-parts/wait';
import { History } from './history';
import type { Pod } from './pod';
import { COOLDOWN_MS, TTL_MS } from './schedule';

/** How often KEDA looks at the queue. */
const POLL_MS = 250;
/** How long a pod goes on to answer after it was told to end. */
const GRACE_MS = 500;
/** How long Kong's workers take to follow a push, milliseconds (K27). */
const FOLLOW_MS = 1000;

/** How long the controller takes to see that Kong was reloaded, milliseconds. */
const NOTICES_MS = 1000;

export interface ClusterOptions {
  readonly pods: ReadonlyMap<string, Pod>;
  /** Gives Kong the targets: of each backend its pod's or none. Resolves when Kong took them. */
  readonly push: (targets: ReadonlyMap<string, readonly string[]>) => Promise<void>;
  /** Tells whoever watches Kubernetes. */
  readonly tellPod: (
    name: string,
    pod: { readonly port: number; readonly ready: boolean; readonly leaving: boolean } | undefined,
  ) => void;
  readonly bootMs: (name: string) => number;
}

/** When a backend was healthy and Kong had its address. */
export interface Availability {
  /** On any of its workers: a request may have got through. */
  readonly perhaps: History;
  /** On all of them: a request had to get through. */
  readonly surely: History;
  /** Its address is being taken from Kong's workers, one after the other. */
  readonly leaving: History;
}

interface Deployment {
  readonly pod: Pod;
  /** When each message in the queue expires. */
  messages: number[];
  lastActiveAt: number;
  replicas: 0 | 1;
  /** Counts what it was told, so that what is under way notices that it is outdated. */
  generation: number;
  /** Whether any of Kong's workers may have its address. */
  readonly routed: History;
  /** Whether all of them have it. */
  readonly routedByAll: History;
  /** Whether it is being taken from them. */
  readonly leaving: History;
  /** Count the changes, and those by which it was taken. */
  routing: number;
  removals: number;
  isRouted: boolean;
}

/** KEDA, the deployments and the ingress controller: wakes on messages, ends pods without, keeps Kong's targets. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #deployments: ReadonlyMap<string, Deployment>;
  readonly #timer: NodeJS.Timeout;
  #pausedUntil = 0;
  #pushing: Promise<void> | undefined;
  #outdated = false;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#deployments = new Map(
      [...options.pods].map(([name, pod]) => [
        name,
        {
          ...{ pod, messages: [], lastActiveAt: 0, replicas: 0, generation: 0 },
          ...{
            routed: new History(),
            routedByAll: new History(),
            leaving: new History(),
            routing: 0,
            removals: 0,
            isRouted: false,
          },
        },
      ]),
    );
    this.#timer = setInterval(() => {
      this.#look();
    }, POLL_MS);
  }

  /** A message came into the queue. */
  enqueue(topic: string): void {
    this.#deployments.get(topic)?.messages.push(performance.now() + TTL_MS);
  }

  /** Whether a backend was healthy and Kong could reach it, or could not fail to. Made anew with each call. */
  available(name: string): Availability {
    const { pod, routed, routedByAll, leaving } = this.#of(name);
    return { perhaps: both(pod.healthy, routed), surely: both(pod.healthy, routedByAll), leaving };
  }

  /** KEDA looks at nothing for so long. */
  pause(forMs: number): void {
    this.#pausedUntil = performance.now() + forMs;
  }

  /** KEDA ends the pod at once, as after a queue that was empty. */
  async scaleIn(name: string): Promise<void> {
    const deployment = this.#of(name);
    deployment.messages = [];
    if (deployment.replicas === 1) await this.#end(name, deployment);
  }

  /** The pod's process ends by itself, and is started again after a second. */
  async crash(name: string): Promise<void> {
    const deployment = this.#of(name);
    if (deployment.replicas === 0) return;
    const generation = ++deployment.generation;
    await deployment.pod.become('down');
    this.#tell(name, deployment, false);
    this.#route(deployment, false);
    await sleep(1000);
    if (deployment.generation === generation) await this.#start(name, deployment);
  }

  /** Takes the target from Kong and brings it back at once, so many times. */
  async flapTargets(name: string, count: number): Promise<void> {
    const deployment = this.#of(name);
    for (let n = 0; n < count && deployment.isRouted && !this.#closed; n += 1) {
      this.#route(deployment, false);
      await this.#pushed();
      if (deployment.replicas === 0) return;
      this.#route(deployment, true);
      await this.#pushed();
    }
  }

  /** Kong loads what it was given once, and may forget what it was given since: the controller notices, and gives it that again. */
  async reload(reload: () => Promise<void>): Promise<void> {
    const routed = [...this.#deployments.values()].filter(({ isRouted }) => isRouted);
    for (const { routedByAll } of routed) routedByAll.set(false, performance.now());
    await reload();
    await sleep(NOTICES_MS);
    for (const deployment of routed) if (deployment.isRouted) this.#route(deployment, true);
    await this.#pushed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#pushing;
    for (const { pod } of this.#deployments.values()) await pod.become('down');
  }

  #of(name: string): Deployment {
    const deployment = this.#deployments.get(name);
    if (deployment === undefined) throw new Error(`there is no deployment '${name}'`);
    return deployment;
  }

  #look(): void {
    const now = performance.now();
    for (const [name, deployment] of this.#deployments) {
      deployment.messages = deployment.messages.filter((expiresAt) => expiresAt > now);
      if (now < this.#pausedUntil) continue;
      if (deployment.messages.length > 0) deployment.lastActiveAt = now;
      if (deployment.messages.length > 0 && deployment.replicas === 0) void this.#start(name, deployment);
      const isIdle = deployment.messages.length === 0 && now - deployment.lastActiveAt > COOLDOWN_MS;
      if (isIdle && deployment.replicas === 1) void this.#end(name, deployment);
    }
  }

  async #start(name: string, deployment: Deployment): Promise<void> {
    const generation = ++deployment.generation;
    const isCurrent = (): boolean => deployment.generation === generation && !this.#closed;
    deployment.replicas = 1;
    const { bootMs } = this.#options;
    await sleep(bootMs(name) / 2);
    if (!isCurrent()) return;
    await deployment.pod.become('starting');
    this.#tell(name, deployment, false);
    await sleep(bootMs(name) / 2);
    if (!isCurrent()) return;
    await deployment.pod.become('ready');
    this.#tell(name, deployment, true);
    this.#route(deployment, true);
  }

  async #end(name: string, deployment: Deployment): Promise<void> {
    const generation = ++deployment.generation;
    deployment.replicas = 0;
    this.#options.tellPod(name, { port: deployment.pod.port, ready: false, leaving: true });
    this.#route(deployment, false);
    await sleep(GRACE_MS);
    if (deployment.generation !== generation) return;
    await deployment.pod.become('down');
    this.#options.tellPod(name, undefined);
  }

  #tell(name: string, { pod }: Deployment, ready: boolean): void {
    this.#options.tellPod(name, { port: pod.port, ready, leaving: false });
  }

  /** Has the controller give Kong the address, or take it. */
  #route(deployment: Deployment, isRouted: boolean): void {
    deployment.isRouted = isRouted;
    deployment.routing += 1;
    // From now on a worker may have it, or one may have it no more; all of them: see #push.
    const now = performance.now();
    if (isRouted) deployment.routed.set(true, now);
    else {
      deployment.removals += 1;
      deployment.routedByAll.set(false, now);
      deployment.leaving.set(true, now);
    }
    this.#outdated = true;
    this.#pushing ??= this.#push().finally(() => {
      this.#pushing = undefined;
    });
  }

  async #pushed(): Promise<void> {
    while (this.#pushing !== undefined) await this.#pushing;
  }

  /** One push at a time, with what is so by then, as the controller does. */
  async #push(): Promise<void> {
    while (this.#outdated && !this.#closed) {
      this.#outdated = false;
      const all = [...this.#deployments].map(([name, deployment]) => {
        const { isRouted, routing, removals, pod } = deployment;
        return { name, deployment, isRouted, routing, removals, targets: isRouted ? [`127.0.0.1:${pod.port}`] : [] };
      });
      await this.#options.push(new Map(all.map(({ name, targets }) => [name, targets])));
      // The workers follow one after the other.
      setTimeout(() => {
        for (const { deployment, isRouted, routing, removals } of all) {
          if (deployment.removals === removals) deployment.leaving.set(false, performance.now());
          if (deployment.routing === routing)
            (isRouted ? deployment.routedByAll : deployment.routed).set(isRouted, performance.now());
        }
      }, FOLLOW_MS);
    }
  }
}

const both = (one: History, other: History): History => {
  const together = new History();
  const moments = [...one.since(0), ...other.since(0)].map(({ at }) => at).toSorted((a, b) => a - b);
  for (const at of moments) together.set(one.at(at) && other.at(at), at);
  return together;
};
