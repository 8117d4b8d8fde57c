import type { Rule } from '../rule';

export const probeConditions: Rule = {
  id: 'probe-conditions',
  severity: 'error',
  title: 'The probed route asks for nothing that a probe does not have',
  why: 'A probe is a GET with a Host and no other header of its own: on a route for other methods or for a certain header it gets 404.',
  fix: 'Give the health path an Ingress of its own without the condition, or probe the backend directly with probe.url.',
  *check(set) {
    for (const { methods, headers, condition } of set.backends.flatMap((backend) => set.probedRoutes(backend))) {
      if (methods !== undefined && !methods.includes('get')) {
        const message = `The route accepts ${methods.join(', ').toUpperCase()} only; a probe is a GET.`;
        yield { at: condition('methods'), message };
      }
      if (headers.length > 0) {
        yield {
          at: condition('headers'),
          message: `The route wants the header ${headers.join(', ')}; a probe has none.`,
        };
      }
    }
  },
};
