import type { Socket } from 'node:net';
import {
  ByteWriter,
  KafkaError,
  apis,
  decodeResponse,
  encodeRequest,
  type Api,
  type Decoded,
  type Encodable,
  type Fields,
} from '@oubliette/protocol';
import type { Timer } from '@oubliette/runtime';
import { ConnectionError } from './errors.js';
import { FrameSplitter } from './frame-splitter.js';
import { openSocket } from './open-socket.js';
import type { Address, Settings } from './options.js';

const MAX_IN_FLIGHT = 1_000;
/** ApiVersions in the version that every broker serves: what it answers tells the rest. */
const API_VERSIONS_VERSION = 0;

export interface SendOptions {
  /** How long the broker may wait before it answers; added to the request timeout. */
  readonly waitMs?: number;
  /** Never above this version. */
  readonly maxVersion?: number;
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly receive: (frame: Uint8Array) => void;
  readonly fail: (error: unknown) => void;
}

interface VersionSpan {
  readonly min: number;
  readonly max: number;
}

/** One connection to a broker. Requests are pipelined; a request without an answer in time ends the connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #settings: Settings;
  readonly #where: string;
  readonly #splitter: FrameSplitter;
  readonly #writer = new ByteWriter(16 * 1024);
  readonly #pending = new Map<number, Pending>();
  readonly #closed: Promise<void>;
  #versions: ReadonlyMap<number, VersionSpan> = new Map();
  #correlationId = 0;
  #failure: ConnectionError | null = null;

  private constructor(socket: Socket, address: Address, settings: Settings) {
    this.#socket = socket;
    this.#settings = settings;
    this.#where = `${address.host}:${address.port}`;
    this.#splitter = new FrameSplitter(settings.maxResponseBytes);
    socket.setNoDelay(true);
    socket.on('error', (cause) => this.#fail('CONNECTION_LOST', `connection to ${this.#where} broke`, cause));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#fail('CONNECTION_LOST', `${this.#where} closed the connection`);
        resolve();
      });
    });
  }

  /** Connects and asks which versions the broker serves. Throws `ConnectionError`. */
  static async open(address: Address, settings: Settings, signal: AbortSignal): Promise<Connection> {
    let connection: Connection | null = null;
    const socket = await openSocket(address, settings, signal, (chunk) => {
      if (connection !== null) connection.#receive(chunk);
    });
    connection = new Connection(socket, address, settings);
    try {
      await connection.#negotiate();
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  get isOpen(): boolean {
    return this.#failure === null;
  }

  /** Ends the connection; what is outstanding fails with CLIENT_CLOSED. */
  async close(): Promise<void> {
    this.#fail('CLIENT_CLOSED', `connection to ${this.#where} was closed by this client`);
    await this.#closed;
  }

  /**
   * Sends a request in the highest version that both sides know and resolves to the answer's body.
   * Throws `ConnectionError`, or `ProtocolError` for a body that does not fit the version.
   */
  async send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    body: Encodable<Req>,
    options: SendOptions = {},
  ): Promise<Decoded<Res>> {
    return this.#exchange(api, this.#versionFor(api, options.maxVersion), body, options);
  }

  #versionFor<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    cap = Number.MAX_SAFE_INTEGER,
  ): number {
    const theirs = this.#versions.get(api.key);
    const version = Math.min(api.request.maxVersion, theirs?.max ?? -1, cap);
    if (theirs === undefined || version < Math.max(api.request.minVersion, theirs.min)) {
      throw new ConnectionError(
        'VERSION_NOT_SHARED',
        `${this.#where} serves no version of ${api.name} that we speak`,
      );
    }
    return version;
  }

  async #negotiate(): Promise<void> {
    const answer = await this.#exchange(apis.apiVersions, API_VERSIONS_VERSION, {}, {});
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, `ApiVersions at ${this.#where}`);
    this.#versions = new Map(
      answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [
        apiKey,
        { min: minVersion, max: maxVersion },
      ]),
    );
  }

  #exchange<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
    { waitMs = 0, signal }: SendOptions,
  ): Promise<Decoded<Res>> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#failure !== null) throw this.#failure;
      if (this.#pending.size >= MAX_IN_FLIGHT) {
        throw new ConnectionError(
          'TOO_MANY_REQUESTS',
          `${MAX_IN_FLIGHT} requests to ${this.#where} are unanswered`,
        );
      }
      const correlationId = this.#correlationId;
      this.#correlationId = (correlationId + 1) & 0x7fffffff;
      const head = { correlationId, clientId: this.#settings.clientId };
      const frame = encodeRequest(api, version, head, body, this.#writer);
      const timer: Timer = this.#settings.clock.schedule(this.#settings.requestTimeoutMs + waitMs, () => {
        this.#fail('REQUEST_TIMED_OUT', `${this.#where} did not answer ${api.name} in time`);
      });
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      // The answer still comes and is dropped then: the broker answers in order.
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(correlationId, {
        receive: (received) => {
          done();
          resolve(decodeResponse(api, version, received).body);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      this.#socket.write(frame);
    });
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#splitter.push(chunk)) this.#answer(frame);
    } catch (cause) {
      this.#fail('RESPONSE_MALFORMED', `${this.#where} sent what is no answer`, cause);
    }
  }

  #answer(frame: Uint8Array): void {
    if (this.#failure !== null) return;
    const correlationId = frame.length < 4 ? -1 : new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    const pending = this.#pending.get(correlationId);
    if (pending === undefined) throw new Error(`an answer to no request of ours (${frame.length} bytes)`);
    this.#pending.delete(correlationId);
    try {
      pending.receive(frame);
    } catch (cause) {
      pending.fail(
        new ConnectionError('RESPONSE_MALFORMED', `${this.#where} sent an answer that does not decode`, {
          cause,
        }),
      );
      throw cause;
    }
  }

  #fail(code: ConstructorParameters<typeof ConnectionError>[0], message: string, cause?: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = new ConnectionError(code, message, { cause });
    for (const pending of this.#pending.values()) pending.fail(this.#failure);
    this.#pending.clear();
    this.#socket.destroy();
  }
}
