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
): Promise<GatewayPart> {
  const gateway = new Gateway(options, events);
  gateway.setRoutes(routes);
  await gateway.listen();
  return {
    description: 'built in',
    // It asks the services with each request.
    endpointsChanged: () => Promise.resolve(),
    close: () => gateway.close(),
  };
}
