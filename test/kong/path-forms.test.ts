import { isBalancerRefusal, send, tally } from '../../real-parts/http';
import { sleep, until } from '../../real-parts/wait';
import { KongRig, PUBSUB } from '../support/kong-rig';
import { describeWith, say, stopAll } from '../support/suite';

/** Paths as people and clients write them. Kong 2.8 tells them to a plugin as they came, 3.x in another form. */
const FORMS = [
  ...['/plain', '/caf%C3%A9', '/caf%c3%a9/x', '/my%20app', '/%7Euser', '/~user', '/a%2fb', '/a%2Fb', '/%41pp', '/a.b'],
  ...['/./a', '/a/../b', '/a/./b', '/%2e/a', '/a%2e%2e/b', '/%F0%9F%98%80', '/a%25b', '/a;v=1', '/a,b', '/a+b%2B'],
  ...['/a:b', '/a@b', "/it's", '/(a)', '/[a]', '/{a}', '/a%3Fb', '/a%23b', '/a\\b', '/a|b^`', '/"a"', '/<a>'],
  ...['/$a!*', '/UPPER', '/trailing/'],
];
/** Of these the schema refuses a target, and takes a health path. */
const HEALTH_FORMS = [...FORMS, '//double', '/double//slash', '//'];

describeWith(['kong'], `${HEALTH_FORMS.length} forms of a path, as target and as health, on a real Kong`, () => {
  const backends = [
    ...FORMS.map((form, n) => ({ target: `/forms/target-${n}${form}`, health: '/healthz' })),
    ...HEALTH_FORMS.map((health, n) => ({ target: `/forms/health-${n}`, health })),
  ];
  const targets = backends.map(({ target }) => target);
  let rig: KongRig;
  beforeAll(async () => {
    rig = await KongRig.start({
      backends: [
        {
          name: 'forms',
          plugin: {
            lease: 1000,
            backend: backends.map((one) => ({ ...one, pubsub: PUBSUB, topic: encodeURIComponent(one.target) })),
          },
        },
      ],
    });
  }, 120_000);
  afterAll(stopAll(() => [rig]));

  test('each is woken by one cold-start message, answered, and asleep again', async () => {
    const asked = targets.map((path) => send({ port: rig.kong.proxyPort, path }));
    await until(`all are held`, async () => (await rig.serverless.held()) === targets.length);
    await until('each is woken', () => Promise.resolve(rig.dapr.messages('cold-start').length >= targets.length));
    await rig.backend('forms').become('ready');
    const answers = await Promise.all(asked);
    expect(tally(answers)).toEqual({ 200: targets.length });
    expect(answers.filter(isBalancerRefusal)).toEqual([]);
    expect(rig.dapr.messages('cold-start').map(({ message }) => message.backend)).toHaveLength(targets.length);
    expect(rig.backend('forms').tokensSeen).toBe(0);

    await rig.backend('forms').become('asleep');
    await until('nothing is known of any', async () =>
      (await rig.serverless.status()).backends.every(({ state }) => state === 'idle' || state === 'asleep'),
    );
    rig.dapr.published.length = 0;
    // Longer than a message lives in the queue by default would be a minute; one probe that is held shows within a second.
    await sleep(3000);
    expect(rig.dapr.published.map(({ topic }) => topic)).toEqual([]);
    expect(await rig.serverless.held()).toBe(0);
  }, 120_000);

  test('each again, one after the other, once the backend has gone to sleep', async () => {
    let messages = 0;
    for (const path of targets) {
      await rig.sleep('forms');
      rig.dapr.published.length = 0;
      const asked = send({ port: rig.kong.proxyPort, path: `${path}${path.endsWith('/') ? '' : '/'}x` });
      await until(`${path} is woken`, () =>
        Promise.resolve(rig.dapr.messages('cold-start', encodeURIComponent(path)).length > 0),
      );
      await rig.backend('forms').become('ready');
      expect([path, (await asked).status]).toEqual([path, 200]);
      expect(rig.dapr.messages('cold-start')).toHaveLength(1);
      messages += 1;
    }
    say(`${messages} targets woken one by one, each by one message`);
  }, 600_000);
});
