/** The gateway, built in or real. */
export interface DemoGateway {
  /** For people: what it is. */
  readonly description: string;
  /** The endpoints of the routes' services have changed. */
  endpointsChanged(): Promise<void>;
  close(): Promise<void>;
}
