import type { Socket } from 'node:net';
import type { Clock, Logger } from '../core/ports';
import { Connection, type ConnectionHandler } from './connection';

/** All connections of Kong to this process. */
export class Connections {
  readonly #open = new Set<Connection>();
  readonly #handler: ConnectionHandler;
  readonly #clock: Clock;
  readonly #log: Logger;
  #closing = false;

  constructor(handler: ConnectionHandler, clock: Clock, log: Logger) {
    this.#handler = handler;
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Serves one connection. */
  accept(socket: Socket): void {
    const connection = new Connection(socket, this.#handler, this.#clock, this.#log);
    if (this.#closing) connection.askToClose();
    this.#open.add(connection);
    socket.on('close', () => {
      this.#open.delete(connection);
    });
  }

  /**
   * Asks Kong to close each connection as soon as it waits for nothing on it, a new one with its first answer. Kong may miss it, so it
   * is called again until all are closed.
   */
  askToClose(): void {
    this.#closing = true;
    for (const connection of this.#open) connection.askToClose();
  }

  /** Closes every connection once what was answered is sent. */
  end(): void {
    for (const connection of this.#open) connection.end();
  }
}
