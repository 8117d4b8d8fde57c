import { PLAYED, kongVersion } from '../../demo/kong/version';
import { findPart } from '../../real-parts/find';
import { kongVersion as installedVersion } from '../../real-parts/kong';
import { describeWith } from '../support/suite';
import { gatewayContract } from './gateway-contract';
import { startDemoGateway, startKongGateway } from './gateways';

// Hundreds of requests in one test: the default of 5 s is too short on a busy machine.
jest.setTimeout(30_000);

describe.each(Object.values(PLAYED))('the gateway of the demo, as Kong $number', (version) => {
  gatewayContract(version, startDemoGateway);
});

const number = findPart('kong').how === 'missing' ? '2.8.1' : installedVersion();

describeWith(['kong'], `a real Kong ${number}`, () => {
  gatewayContract(kongVersion(number), startKongGateway);
});
