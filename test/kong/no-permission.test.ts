import { declarativeConfig } from '../../real-parts/kong-config';
import { sleep } from '../../real-parts/wait';
import { KongRig, pluginConfig } from '../support/kong-rig';
import { KubernetesAccount } from '../support/kubernetes-account';
import { describeWith, stopAll } from '../support/suite';

/** How the plugin server is kept from seeing pods, and what its status says of that. */
const WAYS = [
  { name: 'without the permission', refuses: 403, env: {}, status: { default: '403' } },
  { name: 'with an API server that fails', refuses: 500, env: {}, status: { default: '500' } },
  { name: 'switched off', refuses: undefined, env: { SERVERLESS_KUBERNETES: 'off' }, status: 'off' },
];

describe.each(WAYS)('$name, on a real Kong', ({ refuses, env, status }) => {
  describeWith(['kong'], 'a pod that Kong has no target for', () => {
    let rig: KongRig;
    let kubernetes: KubernetesAccount;
    beforeAll(async () => {
      kubernetes = await KubernetesAccount.start();
      kubernetes.api.refuses = refuses;
      rig = await KongRig.start({
        serverlessEnv: { ...kubernetes.env, ...env },
        backends: [{ name: 'shop', hosts: ['shop.example'], unrouted: true }],
      });
    }, 120_000);
    afterAll(stopAll(() => [rig, kubernetes]));

    test('is waited for until Kong has one, and its requests are answered then', async () => {
      const answer = rig.get('/shop/', { host: 'shop.example' });
      await rig.holds(1, 'shop');
      await rig.backend('shop').become('ready');
      await sleep(1000);
      expect(await rig.serverless.held('/shop')).toBe(1);
      expect((await rig.serverless.status()) as object).toMatchObject({ kubernetes: status });
      const to = [rig.backend('shop').target];
      const plugins = { serverless: pluginConfig({ name: 'shop' }) };
      await rig.kong.push(declarativeConfig([{ name: 'shop', path: '/shop', to, plugins, preserveHost: true }]));
      expect((await answer).status).toBe(200);
      const { backends } = await rig.serverless.status();
      expect(backends[0]?.coldStarts).toEqual([expect.objectContaining({ lane: 'worker' })]);
    }, 60_000);
  });
});
