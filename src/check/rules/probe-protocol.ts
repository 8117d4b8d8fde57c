import type { BackendView } from '../../manifests/plugins';
import type { GatewayFacts } from '../../manifests/set';
import type { Rule } from '../rule';

const GRPC = ['grpc', 'grpcs'];

export const probeProtocol: Rule = {
  id: 'probe-protocol',
  severity: 'error',
  title: "The probed route accepts the probe's protocol",
  why: 'Kong answers a plain request on an https-only route 426 or with a redirect: the probe never passes.',
  fix:
    "Set the plugin server's SERVERLESS_GATEWAY_URL to https://localhost:8443 (and say so with --gateway-url), or probe the backend " +
    'directly with probe.url, or let the route accept http too.',
  *check(set) {
    for (const backend of set.backends) {
      const scheme = schemeOf(backend, set.gateway);
      for (const { protocols = ['http', 'https'], condition } of set.probedRoutes(backend)) {
        if (protocols.includes(scheme)) continue;
        const message = `The route accepts ${protocols.join(', ')} only; the probe comes by ${scheme}.`;
        yield { at: condition('protocols'), message, ...adviceFor(scheme, protocols) };
      }
    }
  },
};

/** As Kong names it. */
function schemeOf({ settings }: BackendView, { url, grpcUrl = 'https:' }: GatewayFacts): string {
  const isGrpc = settings?.probe.grpc === true;
  const isTls = /^https:/i.test(isGrpc ? grpcUrl : url);
  return isGrpc ? (isTls ? 'grpcs' : 'grpc') : isTls ? 'https' : 'http';
}

function adviceFor(scheme: string, protocols: readonly string[]): { fix?: string } {
  const takesGrpc = GRPC.some((protocol) => protocols.includes(protocol));
  if (takesGrpc && !GRPC.includes(scheme))
    return { fix: 'Write probe: {grpc: true} into the plugin: the health service of gRPC is asked then.' };
  if (GRPC.includes(scheme) && !takesGrpc)
    return { fix: 'Write konghq.com/protocols: grpc,grpcs at the Ingress, or remove probe.grpc from the plugin.' };
  if (GRPC.includes(scheme))
    return {
      fix:
        "Let the route accept both, or set the plugin server's SERVERLESS_GATEWAY_GRPC_URL to the listener of Kong that this route " +
        'takes (and say so with --gateway-grpc-url).',
    };
  return {};
}
