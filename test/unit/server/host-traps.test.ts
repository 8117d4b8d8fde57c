import { encode } from '@msgpack/msgpack';
import { ServerlessError } from '../../../src/core/errors';
import type { Kong, PhaseContext } from '../../../src/kong/contract';
import { RpcClient } from '../../support/rpc-client';
import { type Access, ServerRig, type RawConnection, until } from './server-rig';

const path = { 'request.get_path': () => '/kong' };

/** Frames of a phase that never says anything by itself. */
class Silent {
  context: PhaseContext | undefined;
  kong: Kong | undefined;
  resolve: () => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  readonly access = (kong: Kong, context: PhaseContext): Promise<void> => {
    this.context = context;
    this.kong = kong;
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  };
}

describe('traps of the host', () => {
  let rig: ServerRig;
  let instance: number;
  const start = async (...args: ConstructorParameters<typeof ServerRig>): Promise<void> => {
    rig = await new ServerRig(...args).start();
    instance = await rig.client.startInstance('serverless', { a: 1 });
  };
  /** A request whose phase has begun. */
  const hold = async (signal?: AbortSignal): Promise<{ result: Promise<unknown> }> => {
    const before = rig.rpc.events.size;
    const result = rig.client.handleEvent(instance, path, signal).catch((error: unknown) => error);
    await until(() => rig.rpc.events.size > before);
    return { result };
  };
  afterEach(() => rig.stop());

  test('K2: a connection that is reset with answers unread ends alone', async () => {
    await start(() => undefined);
    const connection = await rig.connect();
    connection.socket.pause();
    connection.write(...Array.from({ length: 500 }, (_, n) => encode([0, n, 'plugin.GetPluginInfo', ['serverless']])));
    await rig.client.handleEvent(instance);
    connection.socket.destroy();
    await until(() => rig.rpc.connections.size === 1);
    expect((await rig.client.handleEvent(instance)).exit).toBeUndefined();
  });

  test('K2: a call that Kong gave up is not answered into the next one on its connection', async () => {
    const silent = new Silent();
    await start(silent.access);
    const connection = await rig.connect();
    connection.write(encode([0, 1, 'plugin.HandleEvent', [{ InstanceId: instance, EventName: 'access' }]]));
    await until(() => rig.rpc.events.size === 1);
    await rig.clock.advance(60_000);
    connection.write(encode([0, 2, 'plugin.GetPluginInfo', ['serverless']]));
    await connection.received(1);
    silent.resolve();
    expect(silent.context?.signal.aborted).toBe(true);
    connection.write(encode([0, 3, 'plugin.GetPluginInfo', ['serverless']]));
    expect((await connection.received(2)).map((response) => (response as number[])[1])).toEqual([2, 3]);
    expect(rig.rpc.events.size).toBe(0);
  });

  test('K3: 100,000 events that go on and 20,000 that are answered by the plugin leave nothing behind', async () => {
    await start((kong, _, config) => {
      if ((config as { exit?: boolean }).exit === true) return kong.response.exit(503, 'no', {});
    });
    const exiting = await rig.client.startInstance('serverless', { exit: true });
    const connection = await rig.connect();
    const burst = (id: number, count: number): Promise<unknown> => {
      const event = [{ InstanceId: id, EventName: 'access' }];
      const had = connection.responses.length;
      connection.write(...Array.from({ length: count }, (_, n) => encode([0, n, 'plugin.HandleEvent', event])));
      return connection.received(had + count);
    };
    for (let n = 0; n < 10; n += 1) await burst(instance, 10_000);
    for (let n = 0; n < 2; n += 1) await burst(exiting, 10_000);
    expect(connection.responses.at(99_999)).toEqual([1, 9999, null, { EventId: 0, Data: 'ret' }]);
    expect(connection.responses.at(-1)).toMatchObject([1, 9999, null, { Data: { Method: 'kong.response.exit' } }]);
    expect(connection.responses).toHaveLength(120_000);
    expect(rig.rpc.events.size).toBe(0);
  }, 30_000);

  test('K3: an event whose Step never comes, because the request is gone, is dropped after a minute', async () => {
    const silent = new Silent();
    await start(async (kong, context) => {
      void silent.access(kong, context);
      await kong.request.get_path();
    });
    const connection = await rig.connect();
    connection.write(encode([0, 1, 'plugin.HandleEvent', [{ InstanceId: instance, EventName: 'access' }]]));
    await connection.received(1);
    await rig.clock.advance(50_000);
    expect(rig.rpc.events.size).toBe(1);
    expect(silent.context?.signal.aborted).toBe(false);
    await rig.clock.advance(40_000);
    expect(rig.rpc.events.size).toBe(0);
    expect(silent.context?.signal.aborted).toBe(true);
  });

  test.each([
    ['is not JSON', { Name: 'serverless', Config: '{' }],
    ['is missing', { Name: 'serverless' }],
    ['is for another plugin', { Name: 'constructor', Config: '{}' }],
    ['is nothing', null],
    ['makes the plugin throw', { Name: 'serverless', Config: '{"throw":true}' }],
  ])('K7: a configuration that %s starts an instance that answers 503 and tells Kong’s log', async (_, args) => {
    await start(
      () => undefined,
      (config) => {
        if ((config as { throw?: boolean }).throw === true) throw new Error('bad luck');
      },
    );
    const answer = (await rig.client.call('plugin.StartInstance', args)) as { Id: number };
    const result = await rig.client.handleEvent(answer.Id);
    expect(result.exit?.status).toBe(503);
    expect(result.exit?.headers).toMatchObject({ 'Content-Type': 'application/problem+json' });
    expect(result.calls[0]?.method).toBe('kong.log.err');
    expect(rig.log.texts('error')).toHaveLength(1);
    expect(rig.rejected).toEqual(['SERVERLESS_INTERNAL']);
  });

  test('K7: StartInstance that cannot be decoded starts such an instance too', async () => {
    await start(() => undefined);
    const connection = await rig.connect();
    const bad = Buffer.from(encode([0, 1, 'plugin.StartInstance', [{ xproto_x_: 1 }]]));
    bad.write('__proto__', bad.indexOf('xproto_x_'));
    connection.write(bad);
    const [response] = (await connection.received(1)) as [[number, number, null, { Id: number }]];
    expect((await rig.client.handleEvent(response[3].Id)).exit?.status).toBe(503);
  });

  test('K8: instance ids of another process are unknown here, so Kong starts its instances anew', async () => {
    await start(() => undefined);
    const other = await new ServerRig(() => undefined).start();
    const theirs = await other.client.startInstance('serverless', {});
    await other.stop();
    await expect(rig.client.handleEvent(theirs)).rejects.toThrow(/^no plugin instance/);
    await expect(rig.client.handleEvent(0)).rejects.toThrow(/^no plugin instance/);
    expect(instance).toBeGreaterThan(0);
    expect(instance).toBeLessThan(2 ** 52);
    expect(await rig.client.startInstance('serverless', {})).toBe(instance + 1);
  });

  test('K8: a Step for an event of another process does not reach an event of this one', async () => {
    const eventId = async (): Promise<number> => {
      const one = await new ServerRig(async (kong) => {
        await kong.request.get_path();
      }).start();
      const id = await one.client.startInstance('serverless', {});
      const step = await one.client.call('plugin.HandleEvent', { InstanceId: id, EventName: 'access' });
      await one.stop();
      return (step as { EventId: number }).EventId;
    };
    await start(() => undefined);
    expect(await eventId()).not.toBe(await eventId());
  });

  const boom = (): never => {
    throw new Error('boom');
  };
  test.each([
    ['at once', boom],
    ['in its promise', () => Promise.reject(new Error('boom'))],
    [
      'after a PDK call',
      async (kong: Kong) => {
        await kong.request.get_path();
        boom();
      },
    ],
    [
      'with a PDK call that nobody awaits',
      (kong: Kong) => {
        void kong.request.get_path();
        boom();
      },
    ],
    [
      'with something that is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw 'boom';
      },
    ],
  ])(
    'K10: an access phase that throws %s is answered 503, never let through',
    async (_, access: (kong: Kong) => Promise<void> | void) => {
      await start((kong) => access(kong));
      const result = await rig.client.handleEvent(instance, path);
      expect(result.exit?.status).toBe(503);
      expect(JSON.parse(result.exit?.body ?? '')).toMatchObject({ status: 503, code: 'SERVERLESS_INTERNAL' });
      expect(result.exit?.body).not.toContain('boom');
      expect(result.calls.find(({ method }) => method === 'kong.log.err')?.args).toEqual([
        expect.stringContaining('boom'),
      ]);
      expect(rig.log.texts('error')).toHaveLength(1);
      expect(rig.rejected).toEqual(['SERVERLESS_INTERNAL']);
      expect(rig.rpc.events.size).toBe(0);
    },
  );

  test('K10: an access phase that throws after it answered the request only leaves a line in the log', async () => {
    await start(async (kong) => {
      await kong.response.exit(429, 'slow');
      throw new Error('boom');
    });
    expect((await rig.client.handleEvent(instance)).exit?.status).toBe(429);
    await until(() => rig.log.texts('error').length === 1);
    expect(rig.rejected).toEqual([]);
    expect(rig.rpc.events.size).toBe(0);
  });

  test('K11: a client that leaves while its request is held aborts its signal, and no other', async () => {
    const contexts: PhaseContext[] = [];
    const silent = new Silent();
    await start((kong, context) => {
      contexts.push(context);
      return silent.access(kong, context);
    });
    const leaving = new AbortController();
    const gone = await hold(leaving.signal);
    await hold();
    const aborted = contexts.map(() => false);
    contexts.forEach(({ signal }, n) => {
      signal.addEventListener('abort', () => (aborted[n] = true));
    });
    leaving.abort();
    await until(() => aborted[0] === true);
    expect(aborted).toEqual([true, false]);
    expect(await gone.result).toEqual(new Error('no data'));
    expect(rig.rpc.events.size).toBe(1);
  });

  test('K11: a client that leaves during a heartbeat aborts the signal; the heartbeat’s result never comes', async () => {
    let beat = 'waiting';
    const silent = new Silent();
    await start(async (kong, context) => {
      await kong.request.get_path();
      void kong.request.get_method().then(() => (beat = 'answered'));
      await silent.access(kong, context);
    });
    const leaving = new AbortController();
    const { result } = {
      result: rig.client.handleEvent(
        instance,
        {
          ...path,
          'request.get_method': () => new Promise(() => undefined),
        },
        leaving.signal,
      ),
    };
    result.catch(() => undefined);
    await until(() => silent.context !== undefined);
    await rig.client.close();
    await rig.clock.advance(120_000);
    expect(silent.context?.signal.aborted).toBe(true);
    expect(beat).toBe('waiting');
    expect(rig.rpc.events.size).toBe(0);
  });

  test('K11: what a phase does after its client left reaches nobody', async () => {
    const silent = new Silent();
    await start(silent.access);
    const leaving = new AbortController();
    await hold(leaving.signal);
    leaving.abort();
    await until(() => rig.rpc.events.size === 0);
    expect(silent.context?.signal.aborted).toBe(true);
    void silent.kong?.response.exit(200);
    void silent.kong?.log.err('late');
    silent.reject(new Error('late'));
    expect((await new RpcClient(rig.path).call('plugin.GetPluginInfo', 'serverless')) as object).toMatchObject({
      Name: 'serverless',
    });
    expect(rig.rpc.events.size).toBe(0);
  });

  test('K11: the end of an nginx worker drops all that it waited for', async () => {
    const signals: AbortSignal[] = [];
    const silent = new Silent();
    await start((kong, context) => {
      signals.push(context.signal);
      return silent.access(kong, context);
    });
    for (let n = 0; n < 20; n += 1) await hold();
    await rig.client.close();
    await until(() => rig.rpc.events.size === 0);
    expect(signals.map((signal) => signal.aborted)).toEqual(new Array(20).fill(true));
    expect(rig.rpc.connections.size).toBe(0);
  });
});

describe('what is held when the process has to exit', () => {
  test('is rejected too if its heartbeat is on the way, once Kong has answered that', async () => {
    const silent = new Silent();
    const rig = await new ServerRig(async (kong, context) => {
      const held = silent.access(kong, context);
      await kong.nginx.get_var('pid');
      await held;
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    let beat: (() => void) | undefined;
    const holding = rig.client.handleEvent(id, {
      'nginx.get_var': () => new Promise<void>((resolve) => (beat = resolve)),
    });
    await until(() => beat !== undefined);
    rig.rpc.events.rejectHeld(new ServerlessError('SERVERLESS_SHUTTING_DOWN', 'bye'));
    const timers = rig.clock.pending;
    beat?.();
    await until(() => rig.clock.pending > timers);
    await rig.clock.advance(0);
    expect((await holding).exit).toMatchObject({ status: 503, body: expect.stringContaining('bye') });
    expect(silent.context?.signal.aborted).toBe(true);
    expect(rig.rpc.events.size).toBe(0);
    await rig.stop();
  });

  test('is answered, its phase is stopped, and a request whose PDK call Kong runs goes on', async () => {
    const silent = new Silent();
    const rig = await new ServerRig(async (kong, context) => {
      if ((await kong.request.get_path()) === '/hold') await silent.access(kong, context);
    }).start();
    const id = await rig.client.startInstance('serverless', {});
    let answerPath: (path: string) => void = () => undefined;
    const asking = rig.client.handleEvent(id, {
      'request.get_path': () => new Promise<string>((resolve) => (answerPath = resolve)),
    });
    const holding = rig.client.handleEvent(id, { 'request.get_path': () => '/hold' });
    await until(() => silent.context !== undefined);
    rig.rpc.events.rejectHeld(new ServerlessError('SERVERLESS_SHUTTING_DOWN', 'bye'));
    expect((await holding).exit).toMatchObject({ status: 503, body: expect.stringContaining('bye') });
    expect(rig.rejected).toEqual(['SERVERLESS_SHUTTING_DOWN']);
    expect(silent.context?.signal.aborted).toBe(true);
    answerPath('/other');
    expect((await asking).exit).toBeUndefined();
    expect(rig.rpc.events.size).toBe(0);
    await rig.stop();
  });
});

describe('a server that shuts down', () => {
  const notice = [2, 'serverless.closeNotice', null];
  // Longer than Kong reads at once, or the answer that is read together with it would hide it.
  const behindAnswer = [2, 'serverless.closeNotice', expect.stringMatching(/^ {4096,}$/)];
  const handleEvent = (id: number): Uint8Array =>
    encode([0, 1, 'plugin.HandleEvent', [{ InstanceId: id, EventName: 'access' }]]);
  const access = async (kong: Kong): Promise<void> => {
    await kong.request.get_path();
  };
  let rig: ServerRig;
  let id: number;
  const start = async (phase: Access): Promise<void> => {
    rig = await new ServerRig(phase).start();
    id = await rig.client.startInstance('serverless', {});
  };
  afterEach(() => rig.stop());
  /** A connection that had an answer, as one in nginx's pool. */
  const pooled = async (): Promise<RawConnection> => {
    const connection = await rig.connect();
    connection.write(encode([0, 1, 'plugin.GetPluginInfo', ['serverless']]));
    await connection.received(1);
    connection.responses.length = 0;
    return connection;
  };

  test('asks Kong to close an idle connection, and answers the call that came just then', async () => {
    await start(access);
    const idle = await pooled();
    rig.rpc.connections.askToClose();
    idle.write(encode([0, 2, 'plugin.GetPluginInfo', ['serverless']]));
    expect(await idle.received(3)).toEqual([
      notice,
      [1, 2, null, expect.objectContaining({ Name: 'serverless' })],
      behindAnswer,
    ]);
  });

  test('asks with the answer where a call is on its way, runs, or has a step to come', async () => {
    let answer: () => void = () => undefined;
    await start(async (kong, { signal }) => {
      if ((await kong.request.get_path()) !== '/hold') return;
      await new Promise<void>((resolve) => {
        answer = resolve;
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
    });
    const step = (eventId: number, Data: string): Uint8Array =>
      encode([0, 2, 'plugin.Step', [{ EventId: eventId, Data }]]);
    const eventOf = async (connection: RawConnection): Promise<number> =>
      ((await connection.received(1)) as [[number, number, null, { EventId: number }]])[0][3].EventId;

    const running = await rig.connect();
    running.write(handleEvent(id));
    running.write(step(await eventOf(running), '/hold'));
    await until(() => rig.rpc.events.size === 1 && running.responses.length === 1);
    const stepping = await rig.connect();
    stepping.write(handleEvent(id));
    const event = await eventOf(stepping);
    const fresh = await rig.connect();
    rig.rpc.connections.askToClose();

    const done = (msgid: number): unknown[] => [
      [1, msgid, null, expect.objectContaining({ Data: 'ret' })],
      behindAnswer,
    ];
    stepping.write(step(event, '/'));
    expect((await stepping.received(3)).slice(1)).toEqual(done(2));
    fresh.write(handleEvent(id));
    fresh.write(step(await eventOf(fresh), '/'));
    expect((await fresh.received(3)).slice(1)).toEqual(done(2));
    answer();
    expect((await running.received(3)).slice(1)).toEqual(done(2));
  });

  test('closes none itself before it is closed', async () => {
    await start(access);
    const idle = await pooled();
    const fresh = await rig.connect();
    await until(() => rig.rpc.connections.size === 3);
    rig.rpc.connections.askToClose();
    expect(await idle.received(1)).toEqual([notice]);
    expect([idle.closed, fresh.closed]).toEqual([false, false]);
    rig.rpc.close();
    await Promise.all([idle.end(), fresh.end()]);
  });

  test('K8: sends a request that comes once another process has the socket there: Kong starts the instance anew', async () => {
    let runs = 0;
    await start(() => {
      runs += 1;
    });
    const late = await pooled();
    rig.hasSuccessor = true;
    late.write(handleEvent(id));
    expect(await late.received(2)).toEqual([[1, 1, `no plugin instance #${id}`, null], behindAnswer]);
    expect(runs).toBe(0);
  });

  test('asks again where Kong did not hear it, and says no more on a connection that Kong will close', async () => {
    await start(access);
    const deaf = await pooled();
    for (let n = 1; n <= 3; n += 1) {
      rig.rpc.connections.askToClose();
      expect(await deaf.received(n)).toEqual(new Array(n).fill(notice));
    }
    deaf.write(encode([0, 2, 'plugin.GetPluginInfo', ['serverless']]));
    await deaf.received(5);
    rig.rpc.connections.askToClose();
    deaf.write(encode([0, 3, 'plugin.GetPluginInfo', ['serverless']]));
    expect((await deaf.received(7)).slice(4)).toEqual([behindAnswer, [1, 3, null, expect.anything()], behindAnswer]);
  });

  test('asks where a Step is due only when it has not come for a while: Kong may have sent it on another connection', async () => {
    await start(access);
    const stepping = await rig.connect();
    stepping.write(handleEvent(id));
    await stepping.received(1);
    rig.rpc.connections.askToClose();
    rig.rpc.connections.askToClose();
    expect((await stepping.received(2)).slice(1)).toEqual([notice]);
  });

  test('an answer that is too long to reach Kong whole has no notice behind it; the notice follows', async () => {
    await start((kong) => kong.response.exit(200, 'x'.repeat(40_000)));
    const connection = await rig.connect();
    const early = await rig.connect();
    await until(() => rig.rpc.connections.size === 3);
    rig.rpc.connections.askToClose();
    connection.write(handleEvent(id));
    await connection.received(1);
    rig.rpc.connections.askToClose();
    expect((await connection.received(2)).slice(1)).toEqual([notice]);
    early.socket.destroy();
  });

  test('K8: once another process has the socket, sends there what is held, and what Kong runs a PDK call for', async () => {
    const silent = new Silent();
    let runs = 0;
    await start(async (kong, context) => {
      runs += 1;
      if ((await kong.request.get_path()) === '/hold') await silent.access(kong, context);
    });
    const held = rig.client.handleEvent(id, { 'request.get_path': () => '/hold' });
    let answerPath: (path: string) => void = () => undefined;
    const stepping = rig.client.handleEvent(id, {
      'request.get_path': () => new Promise<string>((resolve) => (answerPath = resolve)),
    });
    await until(() => silent.context !== undefined && runs === 2);
    rig.hasSuccessor = true;
    rig.rpc.redirect();
    await expect(held).rejects.toThrow('no plugin instance');
    expect(silent.context?.signal.aborted).toBe(true);
    answerPath('/other');
    await expect(stepping).rejects.toThrow('no plugin instance');
    expect(rig.rpc.events.size).toBe(0);
    expect(rig.rejected).toEqual([]);
  });
});

describe('plugin instances', () => {
  let rig: ServerRig;
  beforeEach(async () => {
    rig = await new ServerRig((kong, _, config) => kong.response.exit(200, JSON.stringify(config))).start();
  });
  afterEach(() => rig.stop());

  test('each runs its own configuration', async () => {
    const one = await rig.client.startInstance('serverless', { n: 1 });
    const two = await rig.client.startInstance('serverless', { n: 2 });
    expect((await rig.client.handleEvent(two)).exit?.body).toBe('{"n":2}');
    expect((await rig.client.handleEvent(one)).exit?.body).toBe('{"n":1}');
  });

  test('one that is closed is unknown from then on, and closing it twice is refused', async () => {
    const id = await rig.client.startInstance('serverless', {});
    expect(await rig.client.call('plugin.CloseInstance', id)).toMatchObject({ Name: 'serverless', Id: id });
    await expect(rig.client.handleEvent(id)).rejects.toThrow('no plugin instance');
    await expect(rig.client.call('plugin.CloseInstance', id)).rejects.toThrow('no plugin instance');
    expect(rig.rpc.instances.size).toBe(0);
  });

  test('one without a request for ten minutes is forgotten; one in use stays', async () => {
    const unused = await rig.client.startInstance('serverless', {});
    const used = await rig.client.startInstance('serverless', {});
    for (let minutes = 0; minutes < 11; minutes += 1) {
      await rig.clock.advance(60_000);
      await rig.client.handleEvent(used);
    }
    await expect(rig.client.handleEvent(unused)).rejects.toThrow('no plugin instance');
    expect((await rig.client.handleEvent(used)).exit?.status).toBe(200);
    expect(rig.rpc.instances.size).toBe(1);
  });

  test('a timer exists only while there are instances', async () => {
    expect(rig.clock.pending).toBe(0);
    await rig.client.startInstance('serverless', {});
    await rig.client.startInstance('serverless', {});
    expect(rig.clock.pending).toBe(1);
    await rig.clock.advance(660_000);
    expect(rig.rpc.instances.size).toBe(0);
    expect(rig.clock.pending).toBe(0);
  });

  test('the answer to Kong, which keeps it, does not repeat the configuration', async () => {
    const answer = await rig.client.call('plugin.StartInstance', { Name: 'serverless', Config: '{"long":"text"}' });
    expect(answer).toEqual({ Name: 'serverless', Id: expect.any(Number), Config: {}, StartTime: expect.any(Number) });
  });

  test('status and plugin info are told as kong-pdk tells them', async () => {
    const id = await rig.client.startInstance('serverless', {});
    expect(await rig.client.call('plugin.InstanceStatus', id)).toMatchObject({ Name: 'serverless', Id: id });
    await expect(rig.client.call('plugin.InstanceStatus', 1)).rejects.toThrow('no plugin instance');
    expect(await rig.client.call('plugin.GetStatus', null)).toMatchObject({
      Pid: process.pid,
      Plugins: { serverless: { Name: 'serverless', Instances: [{ Id: id }], LastCloseInstance: null } },
    });
    expect(await rig.client.call('plugin.GetPluginInfo', 'serverless')).toEqual({
      Name: 'serverless',
      Version: '1.2.3',
      Phases: ['access'],
      Priority: 7,
      Schema: {
        name: 'serverless',
        fields: [{ config: { type: 'record', fields: [{ a: { type: 'string' } }] } }],
      },
    });
    await expect(rig.client.call('plugin.GetPluginInfo', 'other')).rejects.toThrow('no plugin other');
  });
});
