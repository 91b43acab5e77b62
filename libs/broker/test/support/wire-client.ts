import { connect, type Socket } from 'node:net';
import {
  decodeResponse,
  encodeRequest,
  type Api,
  type Decoded,
  type Encodable,
  type Fields,
} from '@oubliette/protocol';
import { FrameReader } from '../../src/server/frame-reader.js';

/** Longer than any answer takes on a busy machine; who waits longer waits in vain. */
const longestMs = 120_000;

/** A client that says exactly what it is told to, well-formed or not. */
export class WireClient {
  readonly #socket: Socket;
  readonly #frames = new FrameReader(64 * 1024 * 1024, 4);
  readonly #arrived: Buffer[] = [];
  readonly #changed = new EventTarget();
  #correlationId = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#arrived.push(...this.#frames.push(chunk));
      this.#changed.dispatchEvent(new Event('change'));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#changed.dispatchEvent(new Event('change'));
    });
  }

  static async connect(port: number): Promise<WireClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket);
  }

  /** How many answers have arrived and were not taken. */
  get arrived(): number {
    return this.#arrived.length;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next answer's frame; rejects when the connection closes first. */
  async frame(what = 'an answer'): Promise<Buffer> {
    for (;;) {
      const frame = this.#arrived.shift();
      if (frame !== undefined) return frame;
      if (this.isClosed) throw new Error('the broker closed the connection');
      await this.#change(what);
    }
  }

  /** Resolves when so many answers have arrived, read or not. */
  async frames(count: number): Promise<void> {
    while (this.#arrived.length < count && !this.isClosed) await this.#change(`${count} answers`);
  }

  /** Resolves when so many answers have arrived, the connection is closed, or `ms` are over. */
  async framesWithin(count: number, ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.frames(count), patience]);
    clearTimeout(timer);
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change('the end of the connection');
  }

  send<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): number {
    const correlationId = ++this.#correlationId;
    this.write(encodeRequest(api, version, { correlationId, clientId: 'wire' }, body));
    return correlationId;
  }

  async call<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<Decoded<Res>> {
    const correlationId = this.send(api, version, body);
    const answer = decodeResponse(api, version, await this.frame(`an answer to ${api.name}`));
    if (answer.correlationId !== correlationId) throw new Error('an answer to another request');
    return answer.body;
  }

  end(): void {
    this.#socket.destroy();
  }

  /** Resolves with the next thing that happens; rejects with what was waited for when nothing does. */
  #change(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`within ${longestMs} ms there was not: ${what}`)),
        longestMs,
      );
      const changed = (): void => {
        clearTimeout(late);
        resolve();
      };
      this.#changed.addEventListener('change', changed, { once: true });
    });
  }
}
