import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import type { Logger } from '../logger.js';
import { Admission, type AdmissionLimits } from './admission.js';
import { AnswerBudget } from './answer-budget.js';
import { Connection } from './connection.js';
import type { Dispatcher } from './dispatcher.js';
import { ReadBuffers } from './read-buffers.js';
import { Turns } from './turns.js';

/** How long a clean stop waits for answers under way, in ms. */
const drainMs = 5_000;

export interface ServerSettings {
  readonly maxRequestBytes: number;
  readonly admission: AdmissionLimits;
  readonly maxIdleMs: number;
}

/** The listening socket and its connections. */
export class BrokerServer {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #settings: ServerSettings;
  /** With the address of each. */
  readonly #connections = new Map<Connection, string>();
  /** Connections that are not read yet, since there are as many as may be or they come too fast. */
  readonly #waiting = new Set<Socket>();
  readonly #admission: Admission;
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
    this.#admission = new Admission(clock, settings.admission, (reason, connections) =>
      logger.warn(`connections wait: ${reason}`, { connections }),
    );
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Binds the address, so that a taken port is known before anything is opened; resolves to the port. Throws BrokerError. */
  async listen(host: string, port: number): Promise<number> {
    const { backlog } = this.#settings.admission;
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
    this.#admission.close();
    for (const socket of this.#waiting) socket.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const draining = [...this.#connections.keys()].map((connection) => connection.drain());
    const drained = Promise.all([...draining, finishWaiting()]);
    let giveUp: Timer | null = null;
    const patience = new Promise<void>((resolve) => {
      giveUp = this.#clock.schedule(drainMs, resolve);
    });
    await Promise.race([drained, patience]);
    (giveUp as Timer | null)?.cancel();
    // `end` has queued the last bytes; the turn of the event loop after lets them leave before the sockets go.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (const connection of this.#connections.keys()) connection.destroy();
    await closed;
  }

  /** Limits may have changed: who may come in by now does, and where there are too many the least recently used are closed. */
  settingsChanged(): void {
    const { excess } = this.#admission;
    if (excess > 0) {
      this.#logger.warn('connections are closed: max.connections allows no more so many', {
        connections: excess,
      });
      const oldest = [...this.#connections.keys()].sort((a, b) => a.lastActive - b.lastActive);
      for (const connection of oldest.slice(0, excess)) {
        connection.destroy();
        this.#forget(connection);
      }
    }
    this.#admission.look();
  }

  #accept(socket: Socket): void {
    // Nobody else listens yet; a reset is the client's way of leaving.
    socket.on('error', () => undefined);
    const dispatcher = this.#dispatcher;
    if (dispatcher === null) {
      this.#logger.warn('a connection was refused: the broker is starting');
      socket.destroy();
      return;
    }
    const address = plainAddress(socket);
    this.#waiting.add(socket);
    const isKept = this.#admission.apply({
      address,
      enter: () => {
        this.#waiting.delete(socket);
        // Its 'close' is over: nobody would ever give its place back.
        if (socket.destroyed) return false;
        this.#connect(socket, address, dispatcher);
        return true;
      },
      refuse: (connections) => {
        this.#waiting.delete(socket);
        this.#logger.warn('a connection was refused: its address has max.connections.per.ip', {
          connections,
        });
        socket.destroy();
      },
    });
    if (isKept) return;
    this.#waiting.delete(socket);
    this.#logger.warn('a connection was refused: as many as socket.listen.backlog.size wait already', {
      waiting: this.#waiting.size,
    });
    socket.destroy();
  }

  #connect(socket: Socket, address: string, dispatcher: Dispatcher): void {
    const connection: Connection = new Connection({
      socket,
      dispatcher,
      clock: this.#clock,
      turns: this.#turns,
      answers: this.#answers,
      buffers: this.#buffers,
      logger: this.#logger,
      maxRequestBytes: this.#settings.maxRequestBytes,
      onClose: () => this.#forget(connection),
    });
    this.#connections.set(connection, address);
    socket.resume();
  }

  #forget(connection: Connection): void {
    const address = this.#connections.get(connection);
    if (address === undefined) return;
    this.#connections.delete(connection);
    this.#admission.leave(address);
  }

  #scheduleSweep(): void {
    this.#sweep = this.#clock.schedule(Math.max(1, Math.min(this.#settings.maxIdleMs / 4, 60_000)), () => {
      const before = this.#clock.monotonic() - this.#settings.maxIdleMs;
      for (const connection of this.#connections.keys()) {
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
