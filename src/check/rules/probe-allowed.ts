import { configSchema } from '../../config/schema';
import { isRecord } from '../../core/types';
import { fieldOf, type BackendView, type PluginUse } from '../../manifests/plugins';
import type { Route } from '../../manifests/routes';
import type { ManifestSet } from '../../manifests/set';
import { items, numeric, text } from '../../manifests/value';
import type { Rule, Severity } from '../rule';

/** Plugins that answer a request without credentials 401 or 403, and let it through when `anonymous` names a consumer. */
const AUTHENTICATION =
  /^(key-auth|key-auth-enc|basic-auth|hmac-auth|jwt|jwt-signer|oauth2|oauth2-introspection|ldap-auth|ldap-auth-advanced|openid-connect|mtls-auth)$/;
const RATE_LIMITS = /^(rate-limiting|rate-limiting-advanced|response-ratelimiting)$/;
/** The probe comes from the gateway's own pod. */
const LOOPBACK = ['127.0.0.1', '127.0.0.0/8', '127.0.0.1/32', '0.0.0.0/0'];
const PERIODS_MS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Where the plugin's configuration is wrong, and so says nothing. */
const { count, interval } = configSchema.properties;

interface Effect {
  readonly says: string;
  readonly severity: Severity;
}

/** What a plugin does to a probe; undefined: nothing. */
function effectOf({ plugin, config }: PluginUse, backend: BackendView): Effect | undefined {
  const settings = isRecord(config) ? config : {};
  if (AUTHENTICATION.test(plugin)) {
    return (text(settings.anonymous) ?? '') === '' ? { says: 'answers the probe 401', severity: 'error' } : undefined;
  }
  if (plugin === 'acl') return { says: 'answers the probe 403, which belongs to no consumer', severity: 'error' };
  if (plugin === 'request-termination')
    return { says: 'answers every probe in place of the backend', severity: 'error' };
  if (plugin === 'proxy-cache')
    return { says: 'may answer the probe from its cache while the backend sleeps', severity: 'error' };
  if (plugin === 'bot-detection') return { says: 'may take the probe for a bot', severity: 'warning' };
  if (plugin === 'ip-restriction') return restrictionOf(settings);
  return RATE_LIMITS.test(plugin) ? limitOf(settings, backend) : undefined;
}

function restrictionOf(settings: Readonly<Record<string, unknown>>): Effect | undefined {
  const listed = (...names: string[]): string[] =>
    names.flatMap((name) => items(settings[name]).map((ip) => text(ip) ?? ''));
  const [allowed, denied] = [listed('allow', 'whitelist'), listed('deny', 'blacklist')];
  const refused =
    denied.some((ip) => LOOPBACK.includes(ip)) || (allowed.length > 0 && !allowed.some((ip) => LOOPBACK.includes(ip)));
  return refused ? { says: 'answers the probe, which comes from 127.0.0.1, 403', severity: 'error' } : undefined;
}

/** Probes are one per interval while the backend wakes; a limit below that turns them away with 429. */
function limitOf(settings: Readonly<Record<string, unknown>>, { settings: own }: BackendView): Effect {
  const intervalMs = own?.policy.intervalMs ?? interval.default;
  const holdMs = own?.policy.holdTimeoutMs ?? count.default * interval.default;
  for (const [period, periodMs] of Object.entries(PERIODS_MS)) {
    const limit = numeric(settings[period]);
    const probes = Math.ceil(Math.min(periodMs, holdMs) / intervalMs);
    if (limit !== undefined && limit < probes) {
      return {
        says: `allows ${limit} requests a ${period}, and one hold makes up to ${probes} probes`,
        severity: 'error',
      };
    }
  }
  return { says: "counts the probes together with the clients' requests", severity: 'warning' };
}

function waysOut(backend: BackendView, route: Route): string {
  const service =
    route.service === undefined
      ? 'http://<service>'
      : `http://${route.service.name}.${route.namespace}.svc:${route.service.port ?? '80'}`;
  const path = backend.healthPath ?? '';
  return (
    `Give "${path}" (pathType Exact) an Ingress of its own without this plugin, or probe the backend directly: ` +
    `probe.url: ${service}${path}.`
  );
}

function usesOn(set: ManifestSet, route: Route): PluginUse[] {
  return set.otherPlugins.filter((use) => set.runsOn(use, route));
}

export const probeAllowed: Rule = {
  id: 'probe-allowed',
  severity: 'error',
  title: 'No other plugin turns the probe away, or answers it',
  why:
    'The probe goes through the gateway like a request without credentials. One that another plugin answers never passes, or passes ' +
    'while the backend sleeps; one that is counted uses up the limit of others.',
  fix: 'Probe the backend directly with probe.url.',
  *check(set) {
    for (const backend of set.backends) {
      const seen = new Set<PluginUse>();
      for (const route of set.probedRoutes(backend)) {
        for (const use of usesOn(set, route)) {
          const effect = effectOf(use, backend);
          if (effect === undefined || seen.has(use)) continue;
          seen.add(use);
          const message = `${use.plugin} ("${use.resource}") runs on the probed route: it ${effect.says}.`;
          yield { at: fieldOf(backend, 'health'), message, fix: waysOut(backend, route), severity: effect.severity };
        }
      }
    }
  },
};
