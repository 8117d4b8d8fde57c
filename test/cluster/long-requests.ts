import { once } from 'node:events';
import { status as codes } from '@grpc/grpc-js';
import { type IncomingMessage, request } from 'node:http';
import type { Call } from '../../real-parts/http';
import { sleep, until } from '../../real-parts/wait';
import type { HelloReply } from '../../sample/backend/greeter';
import { ended, greeterClient } from '../support/grpc-backend';
import { WebSocketClient } from '../support/web-socket';
import type { ClusterRig } from './cluster-rig';
import type { LongBackend } from './long-backends';

/** What came of one long request. */
export interface Outcome {
  /** The pod that answered. */
  readonly replica: string;
  /** From the request to the start of its answer, so with the cold start; ms. */
  readonly beganMs: number;
  /** Everything that was received. */
  readonly received: string;
}

/** Where requests are sent. */
export type Gateway = Pick<ClusterRig, 'at' | 'tls'>;

/** A long request, alone on its backend. */
export interface LongCase extends LongBackend {
  readonly title: string;
  /** What must have been received in the end. */
  readonly whole: string;
  /** Rejects when it is cut and says so. */
  ask(gateway: Gateway): Promise<Outcome>;
}

/** An answer that has begun. */
export interface Begun {
  readonly status: number | undefined;
  readonly replica: string;
  /** All of it; rejects when it is cut and says so. */
  readonly body: Promise<string>;
}

/** Sends a GET; resolves once its answer begins. */
export const begin = async ({ host, port, path }: Call): Promise<Begun> => {
  const asked = request({ host, port, path, agent: false });
  asked.end();
  const [incoming] = (await once(asked, 'response')) as [IncomingMessage];
  const body = new Promise<string>((resolve, reject) => {
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk: string) => (text += chunk));
    incoming.on('error', (error) => {
      reject(new Error(`cut after ${text.length} characters, ${JSON.stringify(text.slice(-40))}`, { cause: error }));
    });
    incoming.on('end', () => {
      resolve(text);
    });
  });
  // Whoever waits for it sees it; until then it is no unhandled rejection.
  body.catch(() => undefined);
  return { status: incoming.statusCode, replica: String(incoming.headers['x-replica']), body };
};

const asked = async (call: Call): Promise<Outcome> => {
  const from = performance.now();
  const { replica, body } = await begin(call);
  const beganMs = performance.now() - from;
  return { replica, beganMs, received: await body };
};

/** The body of the sample's `download?seconds=N`. */
export const wholeDownload = (seconds: number): string =>
  `${Array.from({ length: seconds }, (_, index) => `${index + 1} of ${seconds}\n`).join('')}the end\n`;

const FOO = { sample: { folder: 'foo', name: 'foo', port: 5000 } };

/** All of them are asked at the same time. */
export const LONG_CASES: readonly LongCase[] = [
  {
    ...FOO,
    name: 'long-download',
    title: 'a download of 150 s',
    whole: wholeDownload(150),
    ask: (gateway) => asked(gateway.at('/long-download/download?seconds=150')),
  },
  {
    ...FOO,
    name: 'long-socket',
    title: 'a WebSocket that is silent for 150 s',
    readTimeoutMs: 300_000,
    whole: 'there? still there?',
    ask: async (gateway) => {
      const from = performance.now();
      const client = await WebSocketClient.open(gateway.at('/long-socket/socket'));
      const beganMs = performance.now() - from;
      const echo = async (text: string): Promise<void> => {
        const count = client.texts.length;
        client.send(text);
        await until('it is echoed', () => client.texts.length > count || client.isClosed);
      };
      await echo('there?');
      await sleep(150_000);
      await echo('still there?');
      client.close();
      await until('the other side closes it too', () => client.isClosed);
      return { replica: client.replica, beganMs, received: client.texts.join(' ') };
    },
  },
  {
    ...FOO,
    name: 'long-events',
    title: 'an event stream of 180 s, an event each 60 s',
    // An event that is a moment late would be too late for Kong's 60 s.
    readTimeoutMs: 120_000,
    whole: `${[60, 120, 180].map((second) => `id: ${second}\ndata: ${second} of 180\n\n`).join('')}event: end\ndata: the end\n\n`,
    ask: (gateway) => asked(gateway.at('/long-events/events?seconds=180&every=60')),
  },
  {
    sample: { folder: 'grpc', name: 'greeter', port: 5000 },
    grpc: true,
    name: 'long-grpc',
    title: 'a stream of gRPC for 150 s, a message each second',
    whole: [...Array.from({ length: 150 }, (_, index) => `${index + 1} of 150`), 'status 0'].join('\n'),
    ask: async (gateway) => {
      const { host, port } = await gateway.tls();
      const client = greeterClient(port, true, host);
      const from = performance.now();
      const call = client.count({ seconds: 150 });
      let first: { readonly replica: string; readonly beganMs: number } | undefined;
      call.once('data', ({ replica }: HelloReply) => {
        first = { replica, beganMs: performance.now() - from };
      });
      const { replies, status } = await ended(call);
      client.close();
      const end = status.code === codes.OK ? 'status 0' : `status ${status.code}: ${status.details}`;
      return { replica: '', beganMs: NaN, ...first, received: [...replies, end].join('\n') };
    },
  },
];
