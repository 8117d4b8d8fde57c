import { isbot } from 'isbot';
import type { RequestClass } from '../core/backend';

/** What tells the class of a request. */
export interface ClassFacts {
  readonly method: string;
  readonly userAgent: string;
  /** Headers of the same names, where the method is OPTIONS. */
  readonly origin: string | undefined;
  readonly accessControlRequestMethod: string | undefined;
}

/**
 * How those name themselves that look whether a service is up: Kubernetes, load balancers of clouds, monitoring. In lower case, at the
 * begin of the User-Agent.
 */
const PROBE_AGENTS = [
  'kube-probe/',
  'elb-healthchecker/',
  'googlehc/',
  'google-cloud-load-balancer',
  'amazon-route53-health-check-service',
  'load balancer agent',
  'edge health probe',
  'prometheus/',
  'blackbox exporter/',
  'consul health check',
  'haproxy',
  'uptimerobot/',
  'better uptime bot',
  'pingdom.com_bot',
  'statuscake',
];

/**
 * How a crawler names itself, or says who runs it. The list of isbot has every library for HTTP as well, such as curl and okhttp: those are
 * API clients here, whom nothing is to be kept from.
 */
const NAMES_ITSELF = /bot|crawl|spider|slurp|scrap|archiv|preview|externalhit|https?:\/\/|@/i;

const IS_OF: Readonly<Record<RequestClass, (facts: ClassFacts) => boolean>> = {
  preflight: ({ method, origin, accessControlRequestMethod }) =>
    method === 'OPTIONS' && origin !== undefined && accessControlRequestMethod !== undefined,
  head: ({ method }) => method === 'HEAD',
  probe: ({ userAgent }) => isProbeAgent(userAgent),
  // One that only looks whether it is up is no crawler, though the list has some of them.
  bot: ({ userAgent }) => NAMES_ITSELF.test(userAgent) && isbot(userAgent) && !isProbeAgent(userAgent),
};

/** Whether a request is of this class. By what it says of itself: who lies is taken for a client. */
export function isOfClass(name: RequestClass, facts: ClassFacts): boolean {
  return IS_OF[name](facts);
}

function isProbeAgent(userAgent: string): boolean {
  const agent = userAgent.toLowerCase();
  return PROBE_AGENTS.some((name) => agent.startsWith(name)) || /[( ;]uptimerobot\//.test(agent);
}
