import type { ServiceName } from './ports';

/** `NAME.NAMESPACE.PORT.svc`, or `NAME.NAMESPACE.svc` with service-upstream: as the ingress controller names a Service's host to Kong (I2). */
const HOST = /^([a-z\d](?:[-a-z\d]*[a-z\d])?)\.([a-z\d](?:[-a-z\d]*[a-z\d])?)(?:\.[-a-z\d]+)?\.svc$/;

/** The Service behind a host name that the ingress controller gave to Kong; undefined for any other. */
export function serviceOfHost(host: string): ServiceName | undefined {
  const [, name, namespace] = HOST.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}
