import type { ConfigProblem } from '../../../src/config/problems';
import { parseConfig } from '../../../src/config/parse';
import type { Backend } from '../../../src/core/backend';

/** The predecessor's KongPlugin, word for word. */
export const predecessor = {
  count: 30,
  interval: 1000,
  backend: [{ target: '/kong', health: '/healthz.html', pubsub: 'kong-serverless-plugin', topic: 'serverless' }],
};

/** One backend entry with what is required. */
export const entry = (target = '/kong') => ({ target, pubsub: 'pubsub', topic: 'topic' });

/** The least configuration, with some fields more. */
export const configWith = (fields: object) => ({ backend: [entry()], ...fields });

/** The backends of a configuration that must be valid. */
export function backendsOf(config: unknown): readonly Backend[] {
  const parsed = parseConfig(config);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.backends;
}

/** The first backend of a configuration that must be valid. */
export function backendOf(config: unknown): Backend {
  return backendsOf(config)[0]!;
}

/** The problems of a configuration that must be refused. */
export function problemsOf(config: unknown): readonly ConfigProblem[] {
  const parsed = parseConfig(config);
  if (parsed.ok) throw new Error('this configuration should have been refused');
  return parsed.problems;
}
