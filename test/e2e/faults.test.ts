import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { rabbitComponent } from '../../real-parts/daprd';
import { type Answer, tally } from '../../real-parts/http';
import { findPart } from '../../real-parts/find';
import { makeFolder, projectRoot, removeFolder } from '../../real-parts/guard';
import { serverlessFile } from '../../real-parts/serverless';
import { describeWith } from '../support/suite';
import { sleep, until } from '../../real-parts/wait';
import { Chain, type ChainOptions, figures, gatewayName } from './chain';

const SENT = 20;
const PUBSUB = 'kong-serverless-plugin';
const QUEUE = 'serverless';

const problem = (answer: Answer | undefined): Record<string, unknown> =>
  JSON.parse(answer?.body ?? '{}') as Record<string, unknown>;

const withChain = async (options: ChainOptions, run: (chain: Chain) => Promise<void>): Promise<void> => {
  const chain = await Chain.start(options);
  try {
    await run(chain);
  } finally {
    await chain.stop();
  }
};

/** As the predecessor's repository has it. */
const predecessorsComponent = (brokerUrl: string): object =>
  rabbitComponent(PUBSUB, { host: brokerUrl, durable: 'true' });

describeWith(['daprd', 'rabbitmq'], `faults of the chain, on ${gatewayName}`, () => {
  test(
    'Dapr dies after the wake-up was sent, and is back: the held do not notice',
    () =>
      withChain({ bootMs: 3000 }, async (chain) => {
        const answers = chain.burst(SENT, '/kong/');
        await until('the backend is woken', () => chain.service('consumer').wanted > 0);
        await chain.daprd.kill();
        await sleep(1000);
        await chain.daprd.resume();
        const settled = await answers;
        figures('Dapr killed after the wake-up', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'Dapr is dead when the requests come, and back 4 s later: the wake-up is sent then',
    () =>
      withChain({}, async (chain) => {
        await chain.daprd.kill();
        const answers = chain.burst(SENT, '/kong/');
        await chain.holds(SENT, '/kong');
        await sleep(4000);
        expect(chain.service('consumer').wanted).toBe(0);
        await chain.daprd.resume();
        const settled = await answers;
        figures('Dapr dead for 4 s before the wake-up', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'RabbitMQ is dead when the requests come, and back: the wake-up is sent then',
    () =>
      withChain({}, async (chain) => {
        expect(findPart('rabbitmq').how).not.toBe('url');
        await chain.rabbit.kill();
        const answers = chain.burst(SENT, '/kong/');
        await chain.holds(SENT, '/kong');
        await sleep(3000);
        await chain.rabbit.resume();
        const settled = await answers;
        figures('RabbitMQ dead before the wake-up, back after 3 s and its own start', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'RabbitMQ dies with the wake-up in its queue, and is back: a wake-up is sent again',
    () =>
      withChain({ plugin: { message_ttl: 10, lease: 5000, hold_timeout: 60_000 } }, async (chain) => {
        // The scaler is to see the message only after the broker has lost it: messages are transient (D6).
        const scaled = chain.service('consumer').history.length;
        await chain.rabbit.kill();
        const answers = chain.burst(SENT, '/kong/');
        await chain.holds(SENT, '/kong');
        await chain.rabbit.resume();
        await until('a wake-up is queued', async () => (await chain.rabbit.depth(QUEUE)) > 0, { timeoutMs: 30_000 });
        await chain.rabbit.kill();
        await sleep(500);
        await chain.rabbit.resume();
        const settled = await answers;
        figures('RabbitMQ killed with the wake-up in its queue', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
        expect(chain.service('consumer').history.length).toBeGreaterThan(scaled);
      }),
    180_000,
  );

  test(
    'a component that Dapr does not have: all are refused at once with Dapr’s own reason',
    () =>
      withChain(
        { plugin: { backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'no-such-pubsub', topic: QUEUE }] } },
        async (chain) => {
          const settled = await chain.burst(SENT, '/kong/');
          figures('component misnamed', settled);
          expect(tally(settled)).toEqual({ 503: SENT });
          for (const answer of settled) {
            expect(problem(answer)).toMatchObject({
              code: 'SERVERLESS_WAKE_REFUSED',
              lastPublish: { status: 404, error: 'ERR_PUBSUB_NOT_FOUND' },
            });
            expect(answer.ms).toBeLessThan(3000);
          }
        },
      ),
    120_000,
  );

  test(
    'the predecessor’s Component unchanged: Dapr cannot publish (D4), the reason is in the answer, `check` says it first',
    () =>
      withChain({ component: predecessorsComponent, plugin: { hold_timeout: 12_000 } }, async (chain) => {
        const settled = await chain.burst(SENT, '/kong/');
        figures('the predecessor’s Component, unchanged', settled);
        expect(tally(settled)).toEqual({ 503: SENT });
        expect(problem(settled[0])).toMatchObject({ code: 'SERVERLESS_HOLD_TIMEOUT', lastPublish: { status: 500 } });
        // The broker's reason; on a later try, when Dapr meets the channel that the first one closed, only that it is closed.
        expect(JSON.stringify(problem(settled[0]).lastPublish)).toMatch(/auto_delete|channel\/connection is not open/);
        expect(chain.serverless.log()).toContain('auto_delete');

        const folder = makeFolder('check');
        writeFileSync(join(folder, 'component.yaml'), stringify(predecessorsComponent('amqp://rabbitmq:5672')));
        const kongPlugin = join(projectRoot, 'manifests/base/kong-plugin.yaml');
        const check = spawnSync(process.execPath, [serverlessFile, 'check', folder, kongPlugin], { encoding: 'utf8' });
        await removeFolder(folder);
        expect(check.stdout + check.stderr).toContain('deletedWhenUnused');
        expect(check.status).not.toBe(0);
      }),
    120_000,
  );

  test(
    'a broker without the queue: Dapr says 204 and the message is gone (D3); the hold ends with a reason that names the topic',
    () =>
      withChain({ withoutQueues: [QUEUE], plugin: { hold_timeout: 5000 } }, async (chain) => {
        const settled = await chain.burst(SENT, '/kong/');
        figures('queue missing', settled);
        expect(tally(settled)).toEqual({ 503: SENT });
        const body = problem(settled[0]);
        expect(body).toMatchObject({ code: 'SERVERLESS_HOLD_TIMEOUT', lastPublish: { status: 204 } });
        expect(body.detail).toContain(`topic ${QUEUE}: is a queue bound to it`);

        const { status, findings } = await chain.doctor();
        expect(status).toBe(1);
        expect(findings.filter(({ outcome }) => outcome === 'error')).toEqual([
          expect.objectContaining({ check: 'rabbitmq-queue', message: expect.stringContaining('has no queue') }),
        ]);
      }),
    120_000,
  );
});
