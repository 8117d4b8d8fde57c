import type { Surroundings } from './diagnosis';

/** Where the plugin server's status listener answers from here; undefined where it is off. */
export function statusUrl({ settings }: Surroundings): string | undefined {
  const { statusListen } = settings;
  if (statusListen === 'off') return undefined;
  const host = ['0.0.0.0', '::'].includes(statusListen.host) ? '127.0.0.1' : statusListen.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${statusListen.port}`;
}
