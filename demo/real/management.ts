/** RabbitMQ's management API on one virtual host, `/`. */
export class Management {
  readonly #authorization: string;
  readonly #base: string;

  /** @param url With user name and password in it; `guest` without. */
  constructor(url: URL) {
    const user = url.username === '' ? 'guest' : decodeURIComponent(url.username);
    const password = url.password === '' ? 'guest' : decodeURIComponent(url.password);
    this.#authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    this.#base = `${url.protocol}//${url.host}/api`;
  }

  /** The response's JSON, undefined if it has none. Rejects on an error status and when RabbitMQ is not there. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { Authorization: this.#authorization, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`RabbitMQ: ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
}
