import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceOfHost } from '../../../src/core/service-name';
import { readSlice } from '../../../src/kubernetes/endpoint-slices';
import { apiServer } from '../../../src/kubernetes/service-account';

const named = (more: object): object => ({
  metadata: { name: 'a-1', labels: { 'kubernetes.io/service-name': 'a' } },
  ...more,
});

describe('an EndpointSlice', () => {
  test.each([
    ['none', named({}), []],
    ['null, as of a Service without pods', named({ endpoints: null }), []],
    ['one without conditions', named({ endpoints: [{ addresses: ['10.0.0.1'] }] }), ['10.0.0.1']],
    [
      'some that terminate',
      named({
        endpoints: [
          { addresses: ['10.0.0.1'], conditions: { terminating: true, serving: true } },
          { addresses: ['10.0.0.2'], conditions: { terminating: false } },
        ],
      }),
      ['10.0.0.2'],
    ],
    [
      'some that are none',
      named({ endpoints: [null, {}, { addresses: 'x' }, { addresses: [1, '10.0.0.3'] }] }),
      ['10.0.0.3'],
    ],
  ])('with %s', (_, object, addresses) => {
    expect(readSlice(object)).toMatchObject({
      name: 'a-1',
      service: 'a',
      pods: addresses.map((address) => ({ address })),
    });
  });

  test.each([
    undefined,
    null,
    'text',
    {},
    { metadata: null },
    { metadata: { name: 'a-1' } },
    { metadata: { name: 'a-1', labels: {} } },
    { metadata: { labels: { 'kubernetes.io/service-name': 'a' } } },
  ])('is not what %j is', (object) => {
    expect(readSlice(object)).toBeUndefined();
  });
});

describe('the API server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'account-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('is that of the pod, with a token that is read anew', () => {
    writeFileSync(join(folder, 'ca.crt'), 'authority\n');
    writeFileSync(join(folder, 'token'), 'one\n');
    const api = apiServer({ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' }, folder);
    expect(api).toMatchObject({ host: '10.0.0.1', port: '6443' });
    expect(api?.ca()).toBe('authority');
    writeFileSync(join(folder, 'token'), 'two\n');
    expect(api?.token()).toBe('two');
    expect(apiServer({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, folder)?.port).toBe('443');
  });

  test.each([
    ['outside Kubernetes', {}, folder],
    ['with an empty address', { KUBERNETES_SERVICE_HOST: '' }, folder],
    ['without a service account', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, join(folder, 'none')],
    ['at the usual place, which is not there', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, undefined],
  ])('is none %s', (_, env, at) => {
    expect(apiServer(env, at)).toBeUndefined();
  });
});

describe('the host of a service in Kong', () => {
  test.each([
    ['consumer.kong.8080.svc', { name: 'consumer', namespace: 'kong', port: '8080' }],
    ['consumer.kong.http.svc', { name: 'consumer', namespace: 'kong', port: 'http' }],
    ['consumer.kong.svc', { name: 'consumer', namespace: 'kong' }],
    ['a-b.c-d.80.svc', { name: 'a-b', namespace: 'c-d', port: '80' }],
    ['httproute.kong.serverless.0', undefined],
    ['example.com', undefined],
    ['consumer.svc', undefined],
    ['-a.b.80.svc', undefined],
    ['', undefined],
  ])('%j', (host, service) => {
    expect(serviceOfHost(host)).toEqual(service);
  });
});
