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
import { ChainRig, type ChainRigOptions, figures, gatewayName } from './chain-rig';

const SENT = 20;
const PUBSUB = 'kong-serverless-plugin';
const QUEUE = 'serverless';

const problem = (answer: Answer | undefined): Record<string, unknown> =>
  JSON.parse(answer?.body ?? '{}') as Record<string, unknown>;

const withRig = async (options: ChainRigOptions, run: (rig: ChainRig) => Promise<void>): Promise<void> => {
  const rig = await ChainRig.start(options);
  try {
    await run(rig);
  } finally {
    await rig.stop();
  }
};

/** As the predecessor's repository has it. */
const predecessorsComponent = (brokerUrl: string): object =>
  rabbitComponent(PUBSUB, { host: brokerUrl, durable: 'true' });

describeWith(['daprd', 'rabbitmq'], `faults of the chain, on ${gatewayName}`, () => {
  test(
    'Dapr dies after the wake-up was sent, and is back: the held requests do not notice',
    () =>
      withRig({ bootMs: 3000 }, async (rig) => {
        const answers = rig.burst(SENT, '/kong/');
        await until('the backend is woken', () => rig.service('consumer').wanted > 0);
        await rig.daprd.kill();
        await sleep(1000);
        await rig.daprd.resume();
        const settled = await answers;
        figures('Dapr killed after the wake-up', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'Dapr is dead when the requests come, and back 4 s later: the wake-up is sent then',
    () =>
      withRig({}, async (rig) => {
        await rig.daprd.kill();
        const answers = rig.burst(SENT, '/kong/');
        await rig.holds(SENT, '/kong');
        await sleep(4000);
        expect(rig.service('consumer').wanted).toBe(0);
        await rig.daprd.resume();
        const settled = await answers;
        figures('Dapr dead for 4 s before the wake-up', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'RabbitMQ is dead when the requests come, and back: the wake-up is sent then',
    () =>
      withRig({}, async (rig) => {
        expect(findPart('rabbitmq').how).not.toBe('url');
        await rig.rabbit.kill();
        const answers = rig.burst(SENT, '/kong/');
        await rig.holds(SENT, '/kong');
        await sleep(3000);
        await rig.rabbit.resume();
        const settled = await answers;
        figures('RabbitMQ dead before the wake-up, back after 3 s and its own start', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
      }),
    120_000,
  );

  test(
    'RabbitMQ dies with the wake-up in its queue, and is back: a wake-up is sent again',
    () =>
      withRig({ plugin: { message_ttl: 10, lease: 5000, hold_timeout: 60_000 } }, async (rig) => {
        // The broker must lose the message before the scaler sees it: messages are transient (D6).
        const scaled = rig.service('consumer').history.length;
        await rig.rabbit.kill();
        const answers = rig.burst(SENT, '/kong/');
        await rig.holds(SENT, '/kong');
        await rig.rabbit.resume();
        await until('a wake-up is queued', async () => (await rig.rabbit.depth(QUEUE)) > 0, { timeoutMs: 30_000 });
        await rig.rabbit.kill();
        await sleep(500);
        await rig.rabbit.resume();
        const settled = await answers;
        figures('RabbitMQ killed with the wake-up in its queue', settled);
        expect(tally(settled)).toEqual({ 200: SENT });
        expect(rig.service('consumer').history.length).toBeGreaterThan(scaled);
      }),
    180_000,
  );

  test(
    'a component that Dapr does not have: all are refused at once with Dapr’s own reason',
    () =>
      withRig(
        { plugin: { backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'no-such-pubsub', topic: QUEUE }] } },
        async (rig) => {
          const settled = await rig.burst(SENT, '/kong/');
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
      withRig({ component: predecessorsComponent, plugin: { hold_timeout: 12_000 } }, async (rig) => {
        const settled = await rig.burst(SENT, '/kong/');
        figures('the predecessor’s Component, unchanged', settled);
        expect(tally(settled)).toEqual({ 503: SENT });
        expect(problem(settled[0])).toMatchObject({ code: 'SERVERLESS_HOLD_TIMEOUT', lastPublish: { status: 500 } });
        // The broker's reason; on a retry, only that the channel, which the first attempt closed, is closed.
        expect(JSON.stringify(problem(settled[0]).lastPublish)).toMatch(/auto_delete|channel\/connection is not open/);
        expect(rig.serverless.log()).toContain('auto_delete');

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
    'a broker without the queue: Dapr says 204 and the message is dropped (D3); the hold ends with a reason that says where to look',
    () =>
      withRig({ withoutQueues: [QUEUE], plugin: { hold_timeout: 5000 } }, async (rig) => {
        const settled = await rig.burst(SENT, '/kong/');
        figures('queue missing', settled);
        expect(tally(settled)).toEqual({ 503: SENT });
        const body = problem(settled[0]);
        expect(body).toMatchObject({ code: 'SERVERLESS_HOLD_TIMEOUT', lastPublish: { status: 204 } });
        expect(body.detail).toContain('is a queue bound to its topic');

        const { status, findings } = await rig.doctor();
        expect(status).toBe(1);
        expect(findings.filter(({ outcome }) => outcome === 'error')).toEqual([
          expect.objectContaining({ check: 'rabbitmq-queue', message: expect.stringContaining('has no queue') }),
        ]);
      }),
    120_000,
  );
});
