import { AccessLog } from './access-log';
import { systemClock } from './clock';
import type { Clock } from './clock';
import { Gateway } from './kong/gateway';
import type { GatewayOptions } from './kong/gateway';
import type { Route } from './kong/routes';
import type { Events } from './events';

/** The gateway, built in or real. */
export interface GatewayPart {
  /** For people: what it is. */
  readonly description: string;
  /** The endpoints of the routes' services are others now. */
  endpointsChanged(): Promise<void>;
  close(): Promise<void>;
}

/** The gateway in this process. */
export async function startBuiltInGateway(
  options: GatewayOptions,
  routes: readonly Route[],
  events: Events,
  clock: Clock = systemClock,
): Promise<GatewayPart> {
  const log = new AccessLog(clock, events);
  const gateway = new Gateway(options, events, (answered) => {
    log.answered(answered);
  });
  gateway.setRoutes(routes);
  await gateway.listen();
  return {
    description: 'built in',
    // It asks the services with each request.
    endpointsChanged: () => Promise.resolve(),
    close: () => gateway.close(),
  };
}
