import KongPdk from 'kong-pdk/pdk';
import type { Kong } from '../kong/contract';

/** Carries PDK calls to Kong and their results back, one after another. */
export type Pipe = KongPdk.Pipe;

/**
 * kong-pdk's own PDK object, made when the plugin first touches one of its name spaces: a warm request that needs none of them
 * does not pay for it.
 */
export class LazyKong implements Kong {
  readonly #pipe: Pipe;
  #pdk: Kong | undefined;

  constructor(pipe: Pipe) {
    this.#pipe = pipe;
  }

  get nginx(): Kong['nginx'] {
    return this.#made().nginx;
  }

  get request(): Kong['request'] {
    return this.#made().request;
  }

  get router(): Kong['router'] {
    return this.#made().router;
  }

  get response(): Kong['response'] {
    return this.#made().response;
  }

  get service(): Kong['service'] {
    return this.#made().service;
  }

  get log(): Kong['log'] {
    return this.#made().log;
  }

  #made(): Kong {
    this.#pdk ??= new KongPdk(this.#pipe).kong as Kong;
    return this.#pdk;
  }
}
