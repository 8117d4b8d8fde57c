import { AccessLog } from '../access-log';
import { systemClock } from '../clock';
import type { Clock } from '../clock';
import type { DemoGateway } from '../gateway';
import type { Journal } from '../journal';
import { Gateway } from './gateway';
import type { GatewayOptions } from './gateway';
import type { Route } from './routes';

/** Starts the gateway in this process. */
export async function startBuiltInGateway(
  options: GatewayOptions,
  routes: readonly Route[],
  journal: Journal,
  clock: Clock = systemClock,
): Promise<DemoGateway> {
  const log = new AccessLog(clock, journal);
  const gateway = new Gateway(options, journal, (answered) => {
    log.answered(answered);
  });
  gateway.setRoutes(routes);
  await gateway.listen();
  return {
    description: `built in, as Kong ${options.version.number}`,
    // The routes' services are asked for their endpoints with each request.
    endpointsChanged: () => Promise.resolve(),
    close: () => gateway.close(),
  };
}
