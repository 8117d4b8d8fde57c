/** kong-pdk ships no types for this file. What it does is in its source, version 0.6.0, to which package.json is pinned. */
declare module 'kong-pdk/pdk' {
  /** Turns `kong.a.b(...args)` into `put({ Method: 'kong.a.b', Args: args })` followed by `get()`. */
  class KongPdk {
    constructor(pipe: KongPdk.Pipe);
    readonly kong: unknown;
  }
  namespace KongPdk {
    interface Pipe {
      put(call: { Method: string; Args: unknown[] }): void;
      /** Resolves with `[result, error]`. */
      get(): Promise<[unknown, unknown]>;
    }
  }
  export = KongPdk;
}
