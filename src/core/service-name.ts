/** A Kubernetes Service. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}

/** A Kubernetes Service at one of its ports. */
export interface ServicePort extends ServiceName {
  /** Name or number, as a route gives it; undefined: it names none. */
  readonly port: string | undefined;
}

/** A label of a host name, as Kubernetes names Services, namespaces and ports. */
const LABEL = '[a-z\\d](?:[-a-z\\d]*[a-z\\d])?';
/** `NAME.NAMESPACE.PORT.svc`, or `NAME.NAMESPACE.svc` with service-upstream: as the ingress controller names a Service's host to Kong (I2). */
const HOST = new RegExp(`^(${LABEL})\\.(${LABEL})(?:\\.(${LABEL}))?\\.svc$`);
/** `name.namespace:port`, as a configuration names it; what Kubernetes itself checks is left to it. */
export const SERVICE_PATTERN = '^[a-z0-9][a-z0-9-]*[.][a-z0-9][a-z0-9-]*:[a-z0-9][a-z0-9-]*$';

/** The Service behind a host name that the ingress controller gave to Kong; undefined for any other. */
export function serviceOfHost(host: string): ServicePort | undefined {
  const [, name, namespace, port] = HOST.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace, port };
}

/** The Service that a configuration names, in the form of `SERVICE_PATTERN`. */
export function serviceNamed(text: string): ServicePort {
  const [name, namespace, port] = text.split(/[.:]/) as [string, string, string];
  return { name, namespace, port };
}

/**
 * The port of a pod that stands for a Service's port.
 *
 * @param ports of the pod, by the name that the Service gives each; '' for its only one
 * @param port name or number of the Service's port, as a route names it; undefined: not named
 * @returns undefined where the names do not tell: a Service with several ports, referred to by number
 */
export function podPort(ports: ReadonlyMap<string, number>, port: string | undefined): number | undefined {
  const named = port === undefined ? undefined : ports.get(port);
  if (named !== undefined || ports.size !== 1) return named;
  return [...ports.values()][0];
}
