import { Agent, request } from 'node:http';
import { type Answer, attempt, send, tally } from '../../real-parts/http';
import { KongRig } from '../support/kong-rig';
import { Serverless } from '../../real-parts/serverless';
import { describeWith, say, stopAll } from '../support/suite';
import { sleep, until } from '../../real-parts/wait';

/** Another plugin server on the same socket, once it stands by. */
const startSecond = async (rig: KongRig): Promise<Serverless> => {
  const { kong, dapr, serverless } = rig;
  const second = await Serverless.start({
    gatewayPort: kong.proxyPort,
    daprPort: dapr.port,
    socket: serverless.socket,
  });
  await until('it stands by', () => second.is('standby'), { timeoutMs: 10_000 });
  return second;
};

const takesOver = (server: Serverless): Promise<boolean> =>
  until('the standby has taken over', () => server.is('active'), { timeoutMs: 10_000 });

describeWith(['kong'], 'a gateway whose processes restart', () => {
  let rig: KongRig;
  beforeEach(async () => {
    rig = await KongRig.start({
      workers: 2,
      backends: [
        { name: 'a', plugin: { lease: 200, hold_timeout: 20_000 } },
        { name: 'b', plugin: { lease: 200, hold_timeout: 20_000 } },
        { name: 'slow', plugin: { hold_timeout: 60_000 } },
      ],
    });
  }, 120_000);
  afterEach(stopAll(() => [rig]));

  test('two routes keep their own configuration over a restart of the plugin server (K8)', async () => {
    const { dapr } = rig;
    for (const name of ['a', 'b']) await rig.backend(name).become('ready');
    // Every worker has both instances, a's first.
    expect(tally(await rig.burst(40, '/a/'))).toEqual({ 200: 40 });
    expect(tally(await rig.burst(40, '/b/'))).toEqual({ 200: 40 });

    const old = rig.serverless;
    const next = await startSecond(rig);
    await old.kill();
    await takesOver(next);
    rig.serverless = next;
    try {
      for (const name of ['a', 'b']) await rig.backend(name).become('asleep');
      dapr.published.length = 0;
      // In the new server b's instances start first: had they a's old numbers, a would now run b's configuration.
      const toB = rig.burst(20, '/b/');
      await rig.holds(20, 'b');
      const toA = rig.burst(20, '/a/');
      await rig.holds(20, 'a');
      await until('both are woken', () => dapr.messages('cold-start').length >= 2);
      // Two publishes at once may arrive in either order.
      const woken = dapr.messages('cold-start').map(({ topic, message }) => `${topic} wakes ${message.backend}`);
      expect(woken.toSorted()).toEqual(['a wakes /a', 'b wakes /b']);
      await rig.backend('a').become('ready');
      expect(tally(await toA)).toEqual({ 200: 20 });
      expect(await rig.serverless.held('/b')).toBe(20);
      await rig.backend('b').become('ready');
      expect(tally(await toB)).toEqual({ 200: 20 });
    } finally {
      await old.stop();
    }
  }, 120_000);

  test('`kong reload` during a hold: all held before and after it are answered by the backend (K9)', async () => {
    const before = rig.burst(50, '/a/');
    await rig.holds(50, 'a');
    await rig.kong.reload();
    await sleep(2000);
    expect(await rig.serverless.held('/a')).toBe(50);
    const after = rig.burst(50, '/a/');
    await rig.holds(100, 'a');
    await rig.backend('a').become('ready');
    expect(tally(await before)).toEqual({ 200: 50 });
    expect(tally(await after)).toEqual({ 200: 50 });
    expect(rig.dapr.messages('cold-start')).toHaveLength(1);
  }, 120_000);

  test('SIGKILL of the plugin server: the standby takes over within a second and holds as the first did', async () => {
    const warm = rig.burst(20, '/a/');
    await rig.holds(20, 'a');
    await rig.backend('a').become('ready');
    expect(tally(await warm)).toEqual({ 200: 20 });
    await rig.sleep('a');

    const old = rig.serverless;
    const standby = await startSecond(rig);
    const held = rig.burst(50, '/a/');
    await rig.holds(50, 'a');
    const from = performance.now();
    await old.kill();
    await takesOver(standby);
    const tookMs = performance.now() - from;
    rig.serverless = standby;
    try {
      // Kong lets through the requests that were held when the server died: nothing can keep them (K6).
      const lost = tally(await held);
      say(`take-over after ${tookMs.toFixed(0)} ms; of 50 held by the killed server: ${JSON.stringify(lost)}`);
      expect(tookMs).toBeLessThan(1000);

      const again = rig.burst(50, '/a/');
      await rig.holds(50, 'a');
      await rig.backend('a').become('ready');
      expect(tally(await again)).toEqual({ 200: 50 });
    } finally {
      await old.stop();
    }
  }, 120_000);

  test('SIGTERM with a standby: what is held moves there at once, and all of it is answered by the backend', async () => {
    const old = rig.serverless;
    const standby = await startSecond(rig);
    try {
      const held = rig.burst(50, '/a/');
      await rig.holds(50, 'a');
      const from = performance.now();
      old.signal('SIGTERM');
      await takesOver(standby);
      rig.serverless = standby;
      await rig.holds(50, 'a');
      say(`50 held requests moved to the standby within ${(performance.now() - from).toFixed(0)} ms`);
      const cold = rig.burst(50, '/b/');
      await rig.holds(50, 'b');
      for (const name of ['a', 'b']) await rig.backend(name).become('ready');
      expect(tally(await held)).toEqual({ 200: 50 });
      expect(tally(await cold)).toEqual({ 200: 50 });
    } finally {
      await old.stop();
      await standby.stop();
    }
  }, 120_000);

  test('SIGTERM without a standby: what is held is kept until it settles, new cold requests are told to come back', async () => {
    const old = rig.serverless;
    const held = rig.burst(50, '/a/');
    await rig.holds(50, 'a');
    old.signal('SIGTERM');
    await until('it drains', async () => {
      const answer = await rig.get('/b/');
      return answer.status === 503 && answer.body.includes('SERVERLESS_SHUTTING_DOWN') && answer.headers['retry-after'];
    });
    expect(await old.held('/a')).toBe(50);
    await rig.backend('a').become('ready');
    expect(tally(await held)).toEqual({ 200: 50 });
  }, 120_000);

  test('SIGTERM and a drain that takes too long: what is held is rejected, also while its heartbeat is on the way', async () => {
    const held = rig.burst(20, '/slow/');
    await rig.holds(20, 'slow');
    // A heartbeat is due every 20 s; the drain ends 25 s after the signal. So the second one is due just before that end.
    await sleep(15_000);
    rig.serverless.signal('SIGTERM');
    await sleep(23_900);
    // Deaf workers keep the heartbeats on the way.
    await rig.kong.signalWorkers('STOP');
    await sleep(1500);
    await rig.kong.signalWorkers('CONT');
    const answers = await held;
    expect(tally(answers)).toEqual({ 503: 20 });
    for (const { body } of answers) expect(body).toContain('SERVERLESS_SHUTTING_DOWN');
  }, 120_000);
});

describeWith(['kong'], 'a plugin server that is replaced under traffic', () => {
  let rig: KongRig;
  const replaced: Serverless[] = [];
  beforeEach(async () => {
    rig = await KongRig.start({ workers: 2, backends: [{ name: 'a', plugin: { lease: 200 } }] });
    await rig.backend('a').become('ready');
  }, 120_000);
  afterEach(stopAll(() => [rig, ...replaced.splice(0)]));

  interface Traffic {
    /** Resolves once each client has a response of the backend to a request that it sent after the call. */
    readonly eachIsAnswered: () => Promise<void>;
    /** Ends it. A request without a response has status 0. */
    readonly done: () => Promise<Answer[]>;
  }
  let running: Traffic | undefined;
  afterEach(async () => {
    await running?.done();
    running = undefined;
  });

  /** 32 clients, each with a connection of its own, that ask one request after the other. */
  const traffic = (): Traffic => {
    const clients = Array.from({ length: 32 }, () => ({ agent: new Agent({ keepAlive: true }), answered: 0 }));
    const answers: Answer[] = [];
    let ends = false;
    const asked = Promise.all(
      clients.map(async (client) => {
        const call = { port: rig.kong.proxyPort, path: '/a/', agent: client.agent, timeoutMs: 10_000 };
        while (!ends) {
          const answer = await attempt(call);
          answers.push(answer);
          if (answer.status === 200) client.answered += 1;
        }
        client.agent.destroy();
      }),
    );
    running = {
      eachIsAnswered: async () => {
        const due = clients.map((client) => ({ client, answered: client.answered + 2 }));
        await until('each client is answered', () => due.every(({ client, answered }) => client.answered >= answered), {
          timeoutMs: 20_000,
        });
      },
      done: async () => {
        ends = true;
        await asked;
        return answers;
      },
    };
    return running;
  };
  /**
   * Signals the plugin server while a standby runs, which takes over. Kong's workers may be unresponsive meanwhile. No kill meets a
   * StartInstance on the way, which would have its worker spin on 2.8 (K7): a client's answer says that its worker has its instance.
   * How many the server has says nothing: one worker may start several at once.
   */
  const replace = async ({ eachIsAnswered }: Traffic, signal: 'SIGTERM' | 'SIGKILL', deafMs = 0): Promise<void> => {
    await eachIsAnswered();
    const next = await startSecond(rig);
    const old = rig.serverless;
    // Its folder contains the socket: it is removed at the end.
    replaced.unshift(old);
    rig.serverless = next;
    if (deafMs > 0) await rig.kong.signalWorkers('STOP');
    if (signal === 'SIGKILL') await old.kill();
    else old.signal(signal);
    await takesOver(next);
    if (deafMs > 0) {
      await sleep(deafMs);
      await rig.kong.signalWorkers('CONT');
    }
    await eachIsAnswered();
  };

  // HAND_OVERS=100 for a night; each takes about a second, and three with deaf workers.
  const rounds = Number(process.env['HAND_OVERS'] ?? 5);
  test.each([
    ['hand-overs', 0],
    ['hand-overs with all workers deaf for 2 s', 2000],
  ])(
    'SIGTERM: the backend answers every request during %s, and each is looked at by the plugin',
    async (title, deafMs) => {
      const clients = traffic();
      for (let round = 0; round < rounds; round += 1) await replace(clients, 'SIGTERM', deafMs);
      const answers = await clients.done();
      say(`${answers.length} requests during ${rounds} ${title}: ${JSON.stringify(tally(answers))}`);
      expect(tally(answers)).toEqual({ 200: answers.length });
      const log = await rig.kong.errorLog();
      expect(log).toContain('no plugin instance');
      // What Kong logs of a call without an answer; it lets such a request through.
      expect(log).not.toMatch(/no data|broken pipe|connection refused|closed$/im);
    },
    60_000 + rounds * 10_000,
  );

  test('SIGKILL: every worker finds the standby, and holds again (K7)', async () => {
    const clients = traffic();
    for (let round = 0; round < 5; round += 1) await replace(clients, 'SIGKILL');
    const answers = await clients.done();
    const unseen = (await rig.kong.errorLog()).match(/no data|broken pipe|connection refused/g) ?? [];
    say(
      `${answers.length} requests during five kills: ${JSON.stringify(tally(answers))}, let through: ${unseen.length}`,
    );
    expect(tally(answers)).toEqual({ 200: answers.length });

    await rig.sleep('a');
    const held = rig.burst(50, '/a/');
    await rig.holds(50, 'a');
    await rig.backend('a').become('ready');
    expect(tally(await held)).toEqual({ 200: 50 });
  }, 120_000);
});

describeWith(['kong'], 'clients that leave (K11, K30)', () => {
  test('as our values have it, they harm nobody who stays: all of those are answered', async () => {
    const rig = await KongRig.start({ workers: 2, backends: [{ name: 'left' }] });
    try {
      const leaves = Array.from({ length: 120 }, (_, n) =>
        send({ port: rig.kong.proxyPort, path: '/left/', timeoutMs: 100 + 20 * n }).catch(() => undefined),
      );
      const stay = rig.burst(80, '/left/');
      await Promise.all(leaves);
      await rig.backend('left').become('ready');
      expect(tally(await stay)).toEqual({ 200: 80 });
      expect(await rig.kong.errorLog()).not.toMatch(/exited on signal|lua entry thread aborted/);
    } finally {
      await rig.stop();
    }
  }, 60_000);

  test('with lua_check_client_abort on, the places of clients that left are free again', async () => {
    const rig = await KongRig.start({
      backends: [{ name: 'left', plugin: { hold_timeout: 60_000 } }],
      kongEnv: { KONG_NGINX_PROXY_LUA_CHECK_CLIENT_ABORT: 'on' },
    });
    try {
      const clients = Array.from({ length: 20 }, () => {
        const client = request({ host: '127.0.0.1', port: rig.kong.proxyPort, path: '/left/', agent: false });
        client.on('error', () => undefined);
        client.end();
        return client;
      });
      const stays = rig.get('/left/');
      await rig.holds(21, 'left');
      for (const client of clients) client.destroy();
      // Found by the next heartbeat, within 20 s.
      await rig.holds(1, 'left', 45_000);
      await rig.backend('left').become('ready');
      expect((await stays).status).toBe(200);
      expect(rig.dapr.messages('cold-start').length).toBeGreaterThanOrEqual(1);
    } finally {
      await rig.stop();
    }
  }, 120_000);
});
