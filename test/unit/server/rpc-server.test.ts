import { encode } from '@msgpack/msgpack';
import { ServerRig, until } from './server-rig';

const call = (msgid: number, method: string, ...args: unknown[]) => encode([0, msgid, method, args]);
const handleEvent = (msgid: number, instance: unknown, EventName = 'access') =>
  call(msgid, 'plugin.HandleEvent', { InstanceId: instance, EventName });

describe('calls of Kong', () => {
  let rig: ServerRig;
  afterEach(() => rig.stop());

  test('a phase that needs nothing of Kong lets the request go on', async () => {
    rig = await new ServerRig(() => undefined).start();
    const id = await rig.client.startInstance('serverless', {});
    expect(await rig.client.handleEvent(id)).toEqual({ exit: undefined, calls: [] });
  });

  test('its time is told, and whether Kong was asked; that of one that holds its request is not', async () => {
    rig = await new ServerRig(async (kong, context, config) => {
      if (config !== 'nothing') await kong.request.get_path();
      if (config === 'holds') context.holds();
    }).start();
    const pdk = { 'request.get_path': () => '/' };
    for (const config of ['nothing', 'asks', 'holds'])
      await rig.client.handleEvent(await rig.client.startInstance('serverless', config), pdk);
    expect(rig.served).toEqual([
      { ms: expect.any(Number), asked: false },
      { ms: expect.any(Number), asked: true },
    ]);
  });

  test('PDK calls go to Kong one after the other, and their results and errors come back', async () => {
    const seen: unknown[] = [];
    rig = await new ServerRig(async (kong) => {
      seen.push(await kong.request.get_path(), await kong.request.get_header('Host'));
      await kong.request.get_method().catch((error: unknown) => seen.push((error as Error).message));
      seen.push(await kong.nginx.get_var('pid'));
      await kong.service.request.clear_header('X');
      await kong.log.notice('done');
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    const result = await rig.client.handleEvent(id, {
      'request.get_path': () => '/kong',
      'request.get_header': () => null,
      'request.get_method': () => {
        throw new Error('not now');
      },
      'nginx.get_var': () => 4711,
      'service.request.clear_header': () => undefined,
    });
    expect(seen).toEqual(['/kong', null, expect.stringContaining('not now'), 4711]);
    expect(result.calls).toEqual([
      { method: 'kong.request.get_path', args: [] },
      { method: 'kong.request.get_header', args: ['Host'] },
      { method: 'kong.request.get_method', args: [] },
      { method: 'kong.nginx.get_var', args: ['pid'] },
      { method: 'kong.service.request.clear_header', args: ['X'] },
      { method: 'kong.log.notice', args: ['done'] },
    ]);
  });

  test('a phase answers the request itself, and is over with that (K16)', async () => {
    rig = await new ServerRig(async (kong) => {
      await kong.response.exit(418, 'tea', { 'X-Pot': '1' });
      await kong.log.err('never sent');
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    const result = await rig.client.handleEvent(id);
    expect(result.exit).toEqual({ status: 418, body: 'tea', headers: { 'X-Pot': '1' } });
    expect(rig.rpc.events.size).toBe(0);
  });

  test('PDK calls made at once, or awaited by nobody, are all made, in order, before the request goes on', async () => {
    rig = await new ServerRig(async (kong) => {
      void kong.log.warn('one');
      const both = await Promise.all([kong.request.get_path(), kong.request.get_method()]);
      void kong.log.warn(both.join(' '));
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    const result = await rig.client.handleEvent(id, {
      'request.get_path': () => '/p',
      'request.get_method': () => 'PUT',
    });
    expect(result.calls.map(({ method, args }) => [method, ...args])).toEqual([
      ['kong.log.warn', 'one'],
      ['kong.request.get_path'],
      ['kong.request.get_method'],
      ['kong.log.warn', '/p PUT'],
    ]);
    expect(result.exit).toBeUndefined();
  });

  test('a PDK call with a value that MessagePack lacks is rejected, and the phase goes on', async () => {
    rig = await new ServerRig(async (kong) => {
      await kong.log.warn((() => 1) as unknown as string).catch(() => kong.log.warn('refused'));
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    expect((await rig.client.handleEvent(id)).calls).toEqual([{ method: 'kong.log.warn', args: ['refused'] }]);
  });

  test('several calls on one connection are each answered, in one chunk or in many (K24)', async () => {
    rig = await new ServerRig(async (kong) => {
      await kong.request.get_path();
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    const connection = await rig.connect();
    connection.write(handleEvent(1, id), handleEvent(2, id), call(3, 'plugin.GetPluginInfo', 'serverless'));
    const responses = (await connection.received(3)) as [number, number, null, { EventId?: number }][];
    expect(responses.map(([type, msgid, error]) => [type, msgid, error])).toEqual([
      [1, 1, null],
      [1, 2, null],
      [1, 3, null],
    ]);
    const [one, two] = responses.map(([, , , result]) => result.EventId);
    connection.write(call(4, 'plugin.Step', { EventId: two, Data: '/b' }), call(5, 'plugin.Step', { EventId: one }));
    expect((await connection.received(5)).slice(3)).toEqual([
      [1, 4, null, { EventId: two, Data: 'ret' }],
      [1, 5, null, { EventId: one, Data: 'ret' }],
    ]);
  });

  test('results of every kind that Kong names a Step after are taken', async () => {
    const paths: unknown[] = [];
    rig = await new ServerRig(async (kong) => {
      paths.push(await kong.request.get_path());
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    const kinds = ['', 'MultiMap', 'Credential', 'Consumer', 'Route', 'Service', 'MemoryStats'];
    for (const kind of kinds) {
      const step = (await rig.client.call('plugin.HandleEvent', { InstanceId: id, EventName: 'access' })) as object;
      const { EventId } = step as { EventId: number };
      await rig.client.call(`plugin.Step${kind}`, { EventId, Data: kind });
    }
    expect(paths).toEqual(kinds);
  });

  test.each([
    ['a name that exists on every object', 'plugin.constructor'],
    ['a private method of the server', 'plugin.handleEvent'],
    ['another name space', 'other.HandleEvent'],
    ['no name at all', ''],
  ])('an unknown method is refused: %s', async (_, method) => {
    rig = await new ServerRig(() => undefined).start();
    await expect(rig.client.call(method, {})).rejects.toThrow(`no method ${method}`);
  });

  test('a phase that the plugin does not have is refused', async () => {
    rig = await new ServerRig(() => undefined).start();
    const id = await rig.client.startInstance('serverless', {});
    const connection = await rig.connect();
    connection.write(handleEvent(1, id, 'constructor'));
    expect(await connection.received(1)).toEqual([[1, 1, expect.stringContaining('no phase constructor'), null]]);
  });

  test('a Step of an event that is not known has Kong begin it anew: any other error would let the request through', async () => {
    rig = await new ServerRig(() => undefined).start();
    const step = rig.client.call('plugin.Step', { EventId: 12345, Data: 'x' });
    await expect(step).rejects.toThrow('no plugin instance');
  });

  test.each([
    ['no event', []],
    ['nil', [null]],
    ['a number', [3]],
    ['an event without instance', [{}]],
  ])('HandleEvent with %s asks Kong to start the instance', async (_, args) => {
    rig = await new ServerRig(() => undefined).start();
    const connection = await rig.connect();
    connection.write(call(1, 'plugin.HandleEvent', ...args));
    expect(await connection.received(1)).toEqual([[1, 1, expect.stringMatching(/^no plugin instance/), null]]);
  });
});

describe('messages that cannot be read', () => {
  let rig: ServerRig;
  beforeEach(async () => {
    rig = await new ServerRig((kong) => kong.response.exit(200)).start();
  });
  afterEach(() => rig.stop());

  const protoKey = Buffer.from(encode({ ['x_proto_x']: 1 }));
  protoKey.write('__proto__', 2);

  /** What is on another connection goes on. */
  const expectOthersAlive = async (): Promise<void> => {
    const id = await rig.client.startInstance('serverless', {});
    expect((await rig.client.handleEvent(id)).exit?.status).toBe(200);
  };

  test.each([
    ['no array', encode('hello')],
    ['an array of another length', encode([0, 1, 'plugin.GetStatus'])],
    ['a response', encode([1, 1, null, 'x'])],
    ['a notification', encode([2, 'x', []])],
    ['a number for a method', encode([0, 'id', 5, []])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0xc1])],
    ['a byte that MessagePack never uses', Buffer.from([0xc1])],
  ])('%s closes its connection and no other (K24)', async (_, bytes) => {
    const connection = await rig.connect();
    connection.write(bytes);
    await connection.end();
    expect(connection.responses).toEqual([]);
    await expectOthersAlive();
  });

  test('a call whose number is known is answered with an error, and its connection goes on (K24)', async () => {
    const connection = await rig.connect();
    const bad = Buffer.concat([Buffer.from(encode([0, 70_000, 'plugin.GetStatus', []])).subarray(0, -1), protoKey]);
    connection.write(bad, call(8, 'plugin.InstanceStatus', 1));
    expect(await connection.received(2)).toEqual([
      [1, 70_000, expect.stringContaining('not a MessagePack-RPC call'), null],
      [1, 8, expect.stringContaining('no plugin instance'), null],
    ]);
  });

  test('a malformed call whose number is known is answered with an error, then its connection is closed', async () => {
    const connection = await rig.connect();
    connection.write(Buffer.from(encode([0, 9, 'plugin.GetStatus', []])).subarray(0, -1), Buffer.from([0xc1]));
    await connection.end();
    expect(connection.responses).toEqual([[1, 9, expect.stringContaining('malformed'), null]]);
    await expectOthersAlive();
  });

  test('a result of Kong that cannot be read ends its request with 503: an error would let it through', async () => {
    const connection = await rig.connect();
    const step = Buffer.from(encode([0, 3, 'plugin.StepMultiMap', [{ EventId: 1, Data: 0 }]])).subarray(0, -1);
    connection.write(step, protoKey);
    const [response] = (await connection.received(1)) as [[number, number, null, { Data: { Method: string } }]];
    expect(response.slice(0, 3)).toEqual([1, 3, null]);
    expect(response[3].Data.Method).toBe('kong.response.exit');
  });

  test('a truncated call is awaited, and forgotten when its connection ends', async () => {
    const connection = await rig.connect();
    connection.write(call(1, 'plugin.GetStatus').subarray(0, 5));
    connection.socket.end();
    await connection.end();
    await until(() => rig.rpc.connections.size === 0);
    await expectOthersAlive();
  });

  test('a call above 16 MiB is answered with an error while its rest is still coming, and its connection goes on', async () => {
    const connection = await rig.connect();
    const large = call(5, 'plugin.GetPluginInfo', 'x'.repeat(17 * 1024 * 1024));
    connection.write(large.subarray(0, 1000));
    expect(await connection.received(1)).toEqual([[1, 5, expect.stringContaining('too large'), null]]);
    connection.write(large.subarray(1000), call(6, 'plugin.GetPluginInfo', 'serverless'));
    expect((await connection.received(2))[1]).toMatchObject([1, 6, null, { Name: 'serverless' }]);
  });

  test('a configuration above 16 MiB starts an instance that answers 503: Kong would spin on an error (K7)', async () => {
    const id = await rig.client.startInstance('serverless', 'x'.repeat(17 * 1024 * 1024));
    expect((await rig.client.handleEvent(id)).exit?.status).toBe(503);
  });

  test('a peer that does not read its answers loses its connection before they fill the memory', async () => {
    const connection = await rig.connect();
    connection.socket.pause();
    const asks = Buffer.concat(new Array<Uint8Array>(2000).fill(call(1, 'x'.repeat(10_000))));
    for (let n = 0; n < 4 && !connection.closed; n += 1) connection.socket.write(asks);
    await until(() => rig.rpc.connections.size === 0);
    expect(rig.log.texts('warn')).toEqual([expect.stringContaining('does not read')]);
    await expectOthersAlive();
  });
});
