import type { Rule } from '../rule';

export const probeProtocol: Rule = {
  id: 'probe-protocol',
  severity: 'error',
  title: "The probed route accepts the probe's protocol",
  why: 'Kong answers a plain request on an https-only route 426 or with a redirect: the probe never passes.',
  fix:
    "Set the plugin server's SERVERLESS_GATEWAY_URL to https://localhost:8443 (and say so with --gateway-url), or probe the backend " +
    'directly with probe.url, or let the route accept http too.',
  *check(set) {
    const scheme = set.gateway.url.slice(0, set.gateway.url.indexOf(':')).toLowerCase();
    for (const { protocols, condition } of set.backends.flatMap((backend) => set.probedRoutes(backend))) {
      if (protocols === undefined || protocols.includes(scheme)) continue;
      const message = `The route accepts ${protocols.join(', ')} only; the probe comes by ${scheme}.`;
      yield { at: condition('protocols'), message };
    }
  },
};
