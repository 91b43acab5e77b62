import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import type { Logger } from '../logger.js';
import { AnswerBudget } from './answer-budget.js';
import { Connection } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import { ReadBuffers } from './read-buffers.js';
import { Turns } from './turns.js';

/** How long a clean stop waits for answers under way, in ms. */
const drainMs = 5_000;

export interface ServerSettings {
  readonly maxRequestBytes: number;
  readonly maxConnections: () => number;
  /** Of one IP address. */
  readonly maxConnectionsOf: (address: string) => number;
  readonly maxIdleMs: number;
  /** Connections that wait to be taken. */
  readonly backlog: number;
}

/** The listening socket and its connections. */
export class BrokerServer {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: ServerSettings;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #turns: Turns;
  readonly #answers = new AnswerBudget();
  readonly #buffers = new ReadBuffers();
  readonly #server: Server;
  #dispatcher: Dispatcher | null = null;
  #sweep: Timer | null = null;

  constructor(clock: Clock, logger: Logger, settings: ServerSettings) {
    this.#clock = clock;
    this.#logger = logger;
    this.#settings = settings;
    this.#turns = new Turns(clock);
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Binds the address, so that a taken port is known before anything is opened; resolves to the port. Throws BrokerError. */
  async listen(host: string, port: number): Promise<number> {
    const { backlog } = this.#settings;
    await new Promise<void>((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
      this.#server.once('error', refused);
      this.#server.listen({ host, port, backlog }, () => {
        this.#server.off('error', refused);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#logger.error('the listener failed', { reason: error.message }));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Requests are served from here on. */
  serve(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher;
    this.#scheduleSweep();
  }

  /**
   * Stops accepting and reading; resolves when answers under way are sent, or after a while without. `finishWaiting` makes the
   * requests answer that wait for something.
   */
  async stop(finishWaiting: () => Promise<void>): Promise<void> {
    this.#sweep?.cancel();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const draining = [...this.#connections].map((connection) => connection.drain());
    const drained = Promise.all([...draining, finishWaiting()]);
    let giveUp: Timer | null = null;
    const patience = new Promise<void>((resolve) => {
      giveUp = this.#clock.schedule(drainMs, resolve);
    });
    await Promise.race([drained, patience]);
    (giveUp as Timer | null)?.cancel();
    // `end` has queued the last bytes; the turn of the event loop after lets them leave before the sockets go.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#dispatcher === null || this.#connections.size >= this.#settings.maxConnections()) {
      this.#logger.warn('a connection was refused: max.connections is reached, or the broker is starting', {
        connections: this.#connections.size,
      });
      socket.destroy();
      return;
    }
    const address = plainAddress(socket);
    const fromThere = this.#perAddress.get(address) ?? 0;
    if (fromThere >= this.#settings.maxConnectionsOf(address)) {
      this.#logger.warn('a connection was refused: its address has max.connections.per.ip', {
        connections: fromThere,
      });
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, fromThere + 1);
    const connection: Connection = new Connection({
      socket,
      dispatcher: this.#dispatcher,
      clock: this.#clock,
      turns: this.#turns,
      answers: this.#answers,
      buffers: this.#buffers,
      logger: this.#logger,
      maxRequestBytes: this.#settings.maxRequestBytes,
      onClose: () => this.#forget(connection, address),
    });
    this.#connections.add(connection);
  }

  #forget(connection: Connection, address: string): void {
    if (!this.#connections.delete(connection)) return;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  #scheduleSweep(): void {
    this.#sweep = this.#clock.schedule(Math.max(1, Math.min(this.#settings.maxIdleMs / 4, 60_000)), () => {
      const before = this.#clock.monotonic() - this.#settings.maxIdleMs;
      for (const connection of this.#connections) {
        if (connection.isIdle && connection.lastActive <= before) connection.destroy();
      }
      this.#scheduleSweep();
    });
  }
}

/** An IPv4 address as such also where the listener speaks both. */
function plainAddress({ remoteAddress = '' }: Socket): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): BrokerError {
  const address = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new BrokerError(
      'PORT_TAKEN',
      `${address} is taken by another process: stop it or listen elsewhere`,
      {
        cause: error,
      },
    );
  }
  return new BrokerError(
    'ADDRESS_NOT_AVAILABLE',
    `Cannot listen on ${address}: ${error.message}. Take an address of this machine, and a port that you may open.`,
    {
      cause: error,
    },
  );
}
