import { systemClock } from '../../../src/adapters/clock';
import { KubernetesEndpoints } from '../../../src/kubernetes/endpoints';
import { RecordingLog, until } from '../../unit/server/server-rig';
import { FakeApiServer, slice } from '../../support/fake-api-server';

let api: FakeApiServer;
let endpoints: KubernetesEndpoints;
let log: RecordingLog;
/** What was told of each Service, in order. */
let told: Record<string, (readonly string[] | undefined)[]>;

beforeEach(async () => {
  api = await new FakeApiServer().start();
  log = new RecordingLog();
  endpoints = new KubernetesEndpoints(api, systemClock, log);
  told = {};
});

afterEach(async () => {
  endpoints.close();
  await api.stop();
});

const follow = (name: string, namespace = 'apps'): (() => void) => {
  const list: (readonly string[] | undefined)[] = [];
  told[`${namespace}/${name}`] = list;
  return endpoints.follow({ name, namespace }, (pods) => list.push(pods?.map(({ address }) => address)));
};
const last = (name: string): readonly string[] | undefined => told[name]?.at(-1);
const watching = (count = 1): Promise<void> => until(() => api.watches.length === count);

describe('the pods of a Service', () => {
  test('are those of all its slices that do not terminate, Ready or not', async () => {
    api.slices = [
      slice('a-1', 'a', '10.0.0.1', '-10.0.0.2'),
      slice('a-2', 'a', '10.0.0.3'),
      slice('b-1', 'b', '10.0.0.4'),
    ];
    follow('a');
    await until(() => told['apps/a']?.length === 1);
    expect(last('apps/a')).toEqual(['10.0.0.1', '10.0.0.3']);
    expect(api.asked[0]?.pathname).toBe('/apis/discovery.k8s.io/v1/namespaces/apps/endpointslices');
    // Two pages.
    expect(api.lists).toBe(2);
  });

  test('come, begin to leave, and are gone, as the watch says', async () => {
    api.slices = [slice('a-1', 'a')];
    follow('a');
    await watching();
    expect(last('apps/a')).toEqual([]);
    api.tell('MODIFIED', slice('a-1', 'a', '10.0.0.1'));
    await until(() => last('apps/a')?.length === 1);
    api.tell('MODIFIED', slice('a-1', 'a', '-10.0.0.1'));
    await until(() => last('apps/a')?.length === 0);
    api.tell('MODIFIED', slice('a-1', 'a', '10.0.0.2'));
    await until(() => last('apps/a')?.[0] === '10.0.0.2');
    api.tell('DELETED', slice('a-1', 'a', '10.0.0.2'));
    await until(() => told['apps/a']?.length === 5);
    expect(last('apps/a')).toBeUndefined();
  });

  test('are not known of a Service without a slice, such as an ExternalName', async () => {
    api.slices = [slice('b-1', 'b')];
    follow('a');
    await watching();
    expect(told['apps/a']).toEqual([undefined]);
  });

  test('of a namespace cost one watch, whoever asks, and none once nobody does', async () => {
    const stops = [follow('a'), follow('b')];
    await watching();
    follow('c', 'other');
    await watching(2);
    expect(api.lists).toBe(2);
    for (const stop of stops) stop();
    await until(() => api.watches.filter(({ response }) => response.destroyed).length === 1);
  });
});

describe('a watch', () => {
  test('that the API server ends goes on from the last version, bookmarks included, without a list', async () => {
    follow('a');
    await watching();
    api.tell('ADDED', slice('a-1', 'a', '10.0.0.1'));
    api.tell('BOOKMARK', { metadata: {} });
    api.endWatches();
    await watching();
    expect(api.watches[0]?.version).toBe('3');
    expect(api.lists).toBe(1);
    expect(told['apps/a']).toEqual([undefined, ['10.0.0.1']]);
    expect(log.lines).toEqual([]);
  });

  test('whose version is too old (410) begins with a new list, and says nothing of it', async () => {
    api.slices = [slice('a-1', 'a', '10.0.0.1')];
    follow('a');
    await watching();
    api.slices = [slice('a-1', 'a', '10.0.0.9')];
    api.tell('ERROR', { code: 410, message: 'too old resource version' });
    api.endWatches();
    await watching();
    expect(api.lists).toBe(2);
    await until(() => last('apps/a')?.[0] === '10.0.0.9');
    expect(told['apps/a']).toEqual([['10.0.0.1'], ['10.0.0.9']]);
    expect(log.lines).toEqual([]);
  });

  test('that breaks: nothing is known until it is back, and one warning says so', async () => {
    api.slices = [slice('a-1', 'a')];
    follow('a');
    await watching();
    api.endWatches('destroy');
    await until(() => told['apps/a']?.length === 2);
    expect(last('apps/a')).toBeUndefined();
    await watching();
    expect(last('apps/a')).toEqual([]);
    expect(log.texts('warn')).toEqual([expect.stringContaining('EndpointSlices of namespace apps cannot be watched')]);
  });

  test('that is not allowed: one warning with what to grant, and another try later', async () => {
    api.refuses = 403;
    api.slices = [slice('a-1', 'a')];
    follow('a');
    await until(() => api.asked.length === 2);
    expect(told['apps/a']).toEqual([undefined, undefined]);
    expect(log.texts('warn')).toEqual([
      expect.stringContaining('get, list and watch for endpointslices of discovery.k8s.io'),
    ]);
    expect(endpoints.status()).toEqual({ apps: '403' });
    api.refuses = undefined;
    await watching();
    expect(last('apps/a')).toEqual([]);
    expect(endpoints.status()).toEqual({ apps: 'watched' });
  });

  test('that the API server ends at once, each time, does not become a loop', async () => {
    follow('a');
    const end = Date.now() + 1200;
    while (Date.now() < end) {
      api.endWatches();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // At once, after half a second and after another one.
    expect(api.asked.length).toBeLessThanOrEqual(4);
  });

  test('reads its token anew each time', async () => {
    follow('a');
    await watching();
    api.currentToken = 'two';
    api.endWatches();
    await watching();
    expect(api.tokens).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
  });

  test('of what is no API server is lost, not thrown', async () => {
    await api.stop();
    const other = new KubernetesEndpoints(
      { host: '127.0.0.1', port: '1', ca: () => api.ca(), token: () => 'x' },
      systemClock,
      log,
    );
    const seen: unknown[] = [];
    other.follow({ name: 'a', namespace: 'apps' }, (addresses) => seen.push(addresses));
    await until(() => seen.length > 0);
    expect(seen[0]).toBeUndefined();
    other.close();
  });
});
