/** What of Kong differs between 2.8 and 3.x, as far as a client or a plugin sees it (docs/host-facts.md, "Kong 2.8 and 3.x"). */
export interface KongVersion {
  /** In the Server header. */
  readonly number: string;
  /** The Via header of a proxied answer. */
  readonly via: string;
  /**
   * A path is told to plugins in normal form, answers and error bodies carry a request id, an instance that cannot be started is
   * answered 500, and a plugin's configuration has more keys.
   */
  readonly isThree: boolean;
}

/** @param number such as `2.8.1` */
export function kongVersion(number: string): KongVersion {
  const isThree = Number(number.split('.')[0]) >= 3;
  return { number, isThree, via: isThree ? `1.1 kong/${number}` : `kong/${number}` };
}

/** Those that the built-in gateway plays, by what `--kong-version` calls them. */
export const PLAYED: Readonly<Record<string, KongVersion>> = {
  '2.8': kongVersion('2.8.1'),
  '3.9': kongVersion('3.9.1'),
};
