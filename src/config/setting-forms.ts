import { isHttpUrl } from './http-url';

/** pino's levels. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['json', 'pretty'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A value that a setting cannot have; says what to write instead. */
export class NotThat extends Error {}

export function httpUrl(text: string): string {
  const url = isHttpUrl(text) ? new URL(text) : undefined;
  if (url?.pathname !== '/' || url.search !== '') {
    throw new NotThat('write a URL such as http://127.0.0.1:8000, without path, user name and password');
  }
  return url.origin;
}

/** A whole number in decimal digits. */
export function integer(text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new NotThat(`write a whole number from ${least} to ${most}`);
  return value;
}

/** @param such what to write, by example */
export function listenAddress(text: string, such: string): ListenAddress {
  const match = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new NotThat(`write host:port such as ${such}`);
  return { host: match[1] ?? String(match[2]), port };
}

export function logLevel(text: string): LogLevel {
  const level = logLevels.find((name) => name === text);
  if (level === undefined) throw new NotThat(`write one of ${logLevels.join(', ')}`);
  return level;
}

export function logFormat(text: string): LogFormat {
  const format = logFormats.find((name) => name === text);
  if (format === undefined) throw new NotThat(`write one of ${logFormats.join(', ')}`);
  return format;
}

export function token(text: string): string {
  if (!/^[!-~]+$/.test(text)) {
    throw new NotThat('write a token without spaces and line breaks (the value that is there is not shown)');
  }
  return text;
}
