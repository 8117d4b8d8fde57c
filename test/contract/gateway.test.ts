import { describeWith } from '../support/suite';
import { gatewayContract } from './gateway-contract';
import { startKongGateway, startStackGateway } from './gateways';

describe('the gateway of the demo', () => {
  gatewayContract(startStackGateway);
});

describeWith(['kong'], 'a real Kong 2.8', () => {
  gatewayContract(startKongGateway);
});
