import { RouteReader } from '../../../src/access/destination';
import { readOrigin } from '../../../src/access/request-origin';
import { FakeClock } from '../../support/fake-clock';
import { FakeKong, type FakeRequest } from '../../support/fake-kong';

const EVERYTHING = { host: true, trace: true, route: true };
const route = () => new RouteReader(false, new FakeClock());
const read = (request: FakeRequest, wants = EVERYTHING) => readOrigin(new FakeKong(request), wants, route());

test('what a request on hold passes on is read, as far as it is wanted', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const request = { headers: { Host: 'shop.example.com', traceparent } };
  expect(await read(request)).toEqual({
    host: 'shop.example.com',
    traceparent,
    service: { name: 'consumer', namespace: 'kong', port: '8080' },
    preservesHost: true,
  });
  const kong = new FakeKong(request);
  expect(await readOrigin(kong, { host: false, trace: false, route: false }, route())).toEqual({
    host: undefined,
    traceparent: undefined,
    service: undefined,
    preservesHost: undefined,
  });
  expect(kong.calls).toEqual([]);
});

test.each(['example.com', 'httproute.kong.serverless.0', ''])(
  'a service with the host %j is none of Kubernetes',
  async (serviceHost) => {
    expect((await read({ serviceHost })).service).toBeUndefined();
  },
);

test.each([null, undefined, {}, { host: 1 }])('a route without a service, told as %j, has none', async (told) => {
  const kong = new FakeKong();
  kong.router.get_service = () => Promise.resolve(told);
  expect((await readOrigin(kong, EVERYTHING, route())).service).toBeUndefined();
});
