import { describeWith } from '../support/suite';
import { gatewayContract } from './gateway-contract';
import { startDemoGateway, startKongGateway } from './gateways';

// Hundreds of requests in one test: the default of 5 s is too short on a busy machine.
jest.setTimeout(30_000);

describe('the gateway of the demo', () => {
  gatewayContract(startDemoGateway);
});

describeWith(['kong'], 'a real Kong 2.8', () => {
  gatewayContract(startKongGateway);
});
