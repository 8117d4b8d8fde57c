import type { KongVersion } from '../../demo/kong/version';
import { stopAll } from '../support/suite';
import { closeNoticeContract } from './gateway/close-notice';
import { failingPluginServerContract } from './gateway/failing-plugin-server';
import { GatewayRig } from './gateway/gateway-rig';
import { instancesContract } from './gateway/instances';
import { pdkCallsContract } from './gateway/pdk-calls';
import { proxyingContract } from './gateway/proxying';
import type { GatewaySetup, GatewayUnderTest } from './gateways';

/** What a gateway does that calls a plugin server as Kong does. */
export function gatewayContract(
  version: KongVersion,
  start: (setup: GatewaySetup, version: KongVersion) => Promise<GatewayUnderTest>,
): void {
  let started: GatewayRig;
  const rig = (): GatewayRig => started;

  beforeAll(async () => {
    started = await GatewayRig.start((setup) => start(setup, version), version);
  }, 90_000);

  afterAll(
    stopAll(() => [started]),
    30_000,
  );

  beforeEach(() => {
    started.reset();
  });

  instancesContract(rig, version);
  pdkCallsContract(rig);
  failingPluginServerContract(rig);
  closeNoticeContract(rig);
  proxyingContract(rig);
}
