/** One route of Kong, its service and its plugins. */
export interface GatewayRoute {
  readonly name: string;
  readonly path: string;
  /** `host:port`, or the targets of an upstream: none for a Service without endpoints, as the ingress controller writes it. */
  readonly to: string | readonly string[];
  /** The name of another route's upstream, to share its targets. */
  readonly upstream?: string;
  /** Plugin name -> its configuration. */
  readonly plugins?: Readonly<Record<string, object>>;
  /** What the route takes, instead of http. */
  readonly protocols?: readonly string[];
  /** What the backend speaks, instead of http. */
  readonly protocol?: 'grpc' | 'grpcs';
  /** Whether the backend gets the client's Host, as the ingress controller has it by default. */
  readonly preserveHost?: boolean;
}

/** The ingress controller's name for an upstream. */
export const upstreamOf = (name: string): string => `${name}.default.8080.svc`;

/** Kong's declarative configuration for these routes. The backend gets the full path, as in the predecessor's Ingress. */
export const declarativeConfig = (routes: readonly GatewayRoute[]): object => ({
  _format_version: '1.1',
  services: routes.map(({ name, path, to, plugins, upstream, preserveHost, protocols, protocol }) => {
    const [host, port] = typeof to === 'string' ? to.split(':') : [upstream ?? upstreamOf(name), '8080'];
    return {
      name,
      host,
      port: Number(port),
      protocol: protocol ?? 'http',
      routes: [
        {
          name,
          paths: [path],
          strip_path: false,
          preserve_host: preserveHost ?? false,
          protocols: protocols ?? ['http'],
          plugins: Object.entries(plugins ?? {}).map(([plugin, config]) => ({ name: plugin, config })),
        },
      ],
    };
  }),
  upstreams: routes
    .filter(({ to, upstream }) => typeof to !== 'string' && upstream === undefined)
    .map(({ name, to }) => ({
      name: upstreamOf(name),
      targets: (to as readonly string[]).map((target) => ({ target })),
    })),
});

/** Unused routes, to make the configuration as big as that of a busy cluster. */
export const otherRoutes = (count: number): GatewayRoute[] =>
  Array.from({ length: count }, (_, n) => ({
    name: `other-${n}`,
    path: `/other-${n}`,
    to: [`127.0.0.1:${20_000 + n}`],
  }));
