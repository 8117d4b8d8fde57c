import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CERTIFICATE, KEY } from './certificate';
import { type EndpointSlice, NAMESPACE } from './slices';

/** Events that are kept for a watch that goes on from an earlier version. */
const KEPT = 1000;
/** Admits the plugin server. */
const TOKEN = 'demo';

interface Event {
  readonly version: number;
  readonly line: string;
}

/** The EndpointSlice API of Kubernetes, as much of it as the plugin server uses: list, and watch from a version on. */
export class KubernetesApi {
  #slices: readonly EndpointSlice[] = [];
  #version = 1;
  #events: Event[] = [];
  readonly #watches = new Set<ServerResponse>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer({ cert: CERTIFICATE, key: KEY }, (request, response) => {
      this.#answer(request, response);
    });
  }

  static async start(): Promise<KubernetesApi> {
    const api = new KubernetesApi();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  /** Writes the service account of the plugin server into a folder, and returns the environment by which it finds the API. */
  async admit(folder: string): Promise<Record<string, string>> {
    await writeFile(join(folder, 'token'), TOKEN);
    await writeFile(join(folder, 'ca.crt'), CERTIFICATE);
    const { address, port } = this.#server.address() as AddressInfo;
    return {
      KUBERNETES_SERVICE_HOST: address,
      KUBERNETES_SERVICE_PORT: String(port),
      SERVERLESS_KUBERNETES: folder,
    };
  }

  /** These are the slices now: whoever watches is told what has changed. */
  set(slices: readonly EndpointSlice[]): void {
    const [before, after] = [this.#slices, slices].map(
      (list) => new Map(list.map((slice) => [slice.metadata.name, slice])),
    ) as [Map<string, EndpointSlice>, Map<string, EndpointSlice>];
    this.#slices = slices;
    for (const [name, slice] of after) {
      const known = before.get(name);
      if (known === undefined) this.#tell('ADDED', slice);
      else if (JSON.stringify(known) !== JSON.stringify(slice)) this.#tell('MODIFIED', slice);
    }
    for (const [name, slice] of before) if (!after.has(name)) this.#tell('DELETED', slice);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #tell(type: string, slice: EndpointSlice): void {
    this.#version += 1;
    const object = { ...slice, metadata: { ...slice.metadata, resourceVersion: String(this.#version) } };
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#events = [...this.#events, { version: this.#version, line }].slice(-KEPT);
    for (const watch of this.#watches) watch.write(line);
  }

  #answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'https://kubernetes');
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      fail(response, 401, 'Unauthorized');
    } else if (pathname !== `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`) {
      fail(response, 404, 'the demo has EndpointSlices of one namespace only');
    } else if (searchParams.get('watch') === 'true') {
      this.#watch(response, Number(searchParams.get('resourceVersion')));
    } else {
      const metadata = { resourceVersion: String(this.#version) };
      response.end(JSON.stringify({ kind: 'EndpointSliceList', metadata, items: this.#slices }));
    }
  }

  #watch(response: ServerResponse, from: number): void {
    const [oldest] = this.#events;
    if (oldest !== undefined && from < oldest.version - 1) {
      fail(response, 410, 'too old resource version');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    for (const { version, line } of this.#events) if (version > from) response.write(line);
    this.#watches.add(response);
    response.once('close', () => this.#watches.delete(response));
  }
}

function fail(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code).end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
}
