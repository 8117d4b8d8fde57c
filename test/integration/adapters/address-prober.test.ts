import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PinnedProber } from '../../../src/adapters/address-prober';
import { OwnProbes, PROBE_HEADER } from '../../../src/adapters/own-probes';
import { freePort } from '../../../real-parts/ports';
import { exampleBackend } from '../../unit/core/example-backend';

const SERVICE = { name: 'consumer', namespace: 'kong', port: '8080' };
const { probe: SETTINGS } = exampleBackend();

let closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

const listen = async (answer: RequestListener): Promise<number> => {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

/** A gateway that answers as it is told, and the prober that asks by way of it. */
const through = async (answer: (ticket: string, probes: OwnProbes) => number | undefined) => {
  const probes = new OwnProbes();
  const asked: { readonly host: string | undefined; readonly url: string | undefined }[] = [];
  const port = await listen((request, response) => {
    asked.push({ host: request.headers.host, url: request.url });
    const status = answer(String(request.headers[PROBE_HEADER.toLowerCase()]), probes);
    if (status !== undefined) response.writeHead(status).end();
  });
  const url = `http://127.0.0.1:${port}`;
  const prober = new PinnedProber(exampleBackend(), { http: url, grpc: url }, probes);
  closing.push(() => {
    prober.close();
  });
  return { prober, probes, asked };
};
const pinTo = (port: number) => ({ address: '127.0.0.1', port, host: 'shop.example' });
const pod = (): Promise<number> => listen((_, response) => response.end());

test('a pod on which nothing listens is closed, and the gateway is not asked', async () => {
  const { prober, asked } = await through(() => 200);
  expect(await prober.probe(pinTo(await freePort()), SERVICE, SETTINGS)).toEqual({
    outcome: 'closed',
    report: undefined,
  });
  expect(asked).toEqual([]);
});

test('one that listens is asked through the gateway, with the Host, by a ticket that says which pod is meant', async () => {
  const port = await pod();
  const seen: unknown[] = [];
  const { prober, asked } = await through((ticket, probes) => {
    seen.push(probes.pinnedTo(ticket));
    probes.met(ticket, 11);
    return 200;
  });
  expect(await prober.probe(pinTo(port), SERVICE, SETTINGS)).toEqual({ outcome: 'passed', report: { status: 200 } });
  expect(asked).toEqual([{ host: 'shop.example', url: '/kong/healthz.html' }]);
  expect(seen).toEqual([{ pin: pinTo(port), service: SERVICE }]);
});

test('one that says no has failed', async () => {
  const { prober } = await through((ticket, probes) => (probes.met(ticket, 11) ? 503 : 500));
  expect(await prober.probe(pinTo(await pod()), SERVICE, SETTINGS)).toEqual({
    outcome: 'failed',
    report: { status: 503 },
  });
});

test('an answer to a probe that did not come by the plugin is no answer of the pod', async () => {
  const { prober } = await through(() => 200);
  expect(await prober.probe(pinTo(await pod()), SERVICE, SETTINGS)).toMatchObject({ outcome: 'unanswered' });
});

test('one that does not answer in time has timed out, and is forgotten', async () => {
  const { prober, probes } = await through(() => undefined);
  const settings = { ...SETTINGS, timeoutMs: 50 };
  expect(await prober.probe(pinTo(await pod()), SERVICE, settings)).toMatchObject({ outcome: 'timed-out' });
  expect(probes.inFlightFor('/kong/healthz.html')).toBe(false);
});
