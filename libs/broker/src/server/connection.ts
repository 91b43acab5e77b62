import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { ByteWriter, ProtocolError } from '@oubliette/protocol';
import type { Clock } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import { AnswerAccount, type AnswerBudget } from './answer-budget.js';
import { CloseConnectionError } from './api-handler.js';
import type { Dispatched, Dispatcher, Sender } from './dispatcher.js';
import { FrameReader, FrameSizeError } from './frame-reader.js';
import { AnswerBuffers, type ReadBuffers } from './read-buffers.js';
import type { Turns } from './turns.js';

/** Requests read ahead and not answered yet, per connection; beyond, the socket is not read. */
const maxInFlight = 64;
const writerSlabBytes = 16 * 1024;

/** One request's place in the order of answers. */
interface Slot {
  parts: readonly Uint8Array[] | null;
  /** Gives back what the answer was read into. */
  release: (() => void) | null;
  done: boolean;
}

/**
 * One client's connection. Requests are handled in order: the next begins when the one before is answered, except for those
 * that may overlap (Produce: many batches share one sync); answers always leave in the order of their requests.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #frames: FrameReader;
  readonly #writer = new ByteWriter(writerSlabBytes);
  readonly #answers: AnswerAccount;
  readonly #buffers: AnswerBuffers;
  readonly #sender: Sender;
  readonly #waiting: Dispatched[] = [];
  readonly #slots: Slot[] = [];
  #running = 0;
  #runningMayOverlap = true;
  #isCorked = false;
  #isStopping = false;
  #isClosed = false;
  readonly #gone = new AbortController();
  #onIdle: (() => void) | null = null;
  /** Monotonic ms of the last request or answer. */
  lastActive: number;

  constructor(parts: {
    readonly socket: Socket;
    readonly dispatcher: Dispatcher;
    readonly clock: Clock;
    readonly turns: Turns;
    readonly answers: AnswerBudget;
    readonly buffers: ReadBuffers;
    readonly logger: Logger;
    readonly maxRequestBytes: number;
    readonly onClose: () => void;
  }) {
    this.#socket = parts.socket;
    this.#dispatcher = parts.dispatcher;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
    this.#frames = new FrameReader(parts.maxRequestBytes);
    this.#answers = new AnswerAccount(parts.answers, {
      now: () => parts.clock.monotonic(),
      giveWay: () => {
        parts.logger.warn('a connection was closed: it did not read its answers, and others need the room');
        parts.socket.destroy();
      },
    });
    this.#buffers = new AnswerBuffers(parts.buffers);
    this.#sender = {
      clientHost: `/${parts.socket.remoteAddress ?? 'unknown'}`,
      gone: this.#gone.signal,
      alone: () => {
        this.#runningMayOverlap = false;
      },
      answers: this.#answers,
      buffers: this.#buffers,
    };
    this.lastActive = parts.clock.monotonic();
    parts.socket.setNoDelay(true);
    parts.socket.on('data', (chunk: Buffer) => {
      // Nothing more is read of who has to wait for its turn.
      if (!parts.turns.run(() => this.#receive(chunk))) parts.socket.pause();
    });
    parts.socket.on('drain', () => {
      this.#answers.drained(0);
      this.#startNext();
      this.#readOn();
    });
    // A reset is the client's way of leaving; 'close' follows and does the rest.
    parts.socket.on('error', () => undefined);
    parts.socket.on('close', () => {
      this.#isClosed = true;
      this.#gone.abort();
      this.#answers.close();
      this.#waiting.length = 0;
      this.#settleIfIdle();
      parts.onClose();
    });
  }

  get isIdle(): boolean {
    return this.#slots.length === 0 && this.#waiting.length === 0;
  }

  /** Reads nothing more; resolves when what was asked is answered and sent. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    this.#socket.pause();
    this.#waiting.length = 0;
    if (this.#slots.length > 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.lastActive = this.#clock.monotonic();
    if (this.#isStopping || this.#isClosed) return;
    try {
      for (const frame of this.#frames.push(chunk)) {
        this.#waiting.push(this.#dispatcher.dispatch(frame, this.#sender));
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#startNext();
    if (this.#isFull()) this.#socket.pause();
    else this.#readOn();
  }

  #isFull(): boolean {
    return this.#waiting.length + this.#slots.length >= maxInFlight || this.#socket.writableNeedDrain;
  }

  #readOn(): void {
    if (this.#socket.isPaused() && !this.#isStopping && !this.#isFull()) this.#socket.resume();
  }

  #startNext(): void {
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#isClosed) return;
      // A client that does not read its answers gets no more of them: one answer is the most that waits for it here.
      if (this.#socket.writableNeedDrain) return;
      if (this.#running > 0 && !(next.overlaps && this.#runningMayOverlap)) return;
      this.#waiting.shift();
      this.#start(next);
    }
  }

  #start(request: Dispatched): void {
    const slot: Slot = { parts: null, release: null, done: false };
    this.#slots.push(slot);
    this.#running += 1;
    this.#runningMayOverlap = request.overlaps;
    request.run(this.#writer).then(
      (parts) => {
        slot.parts = parts;
        this.#finish(slot);
      },
      (error: unknown) => {
        this.#fail(error);
        this.#finish(slot);
      },
    );
  }

  #finish(slot: Slot): void {
    slot.done = true;
    slot.release = this.#buffers.detach();
    this.#running -= 1;
    this.#send();
    // Below the mark at which it asks for a pause it holds next to nothing.
    this.#answers.sent(this.#socket.writableNeedDrain ? this.#socket.writableLength : 0);
    this.#startNext();
    this.#settleIfIdle();
    this.#readOn();
  }

  /** Sends the answers whose turn it is; those of one turn of the event loop leave together. */
  #send(): void {
    for (let slot = this.#slots[0]; slot?.done === true; slot = this.#slots[0]) {
      this.#slots.shift();
      const { parts, release } = slot;
      if (parts === null || this.#isClosed) {
        release?.();
        continue;
      }
      this.lastActive = this.#clock.monotonic();
      if (!this.#isCorked) {
        this.#isCorked = true;
        this.#socket.cork();
        process.nextTick(() => {
          this.#isCorked = false;
          this.#socket.uncork();
        });
      }
      // What a closed socket still held is left to the collector.
      const sent = (error?: Error | null): void => (error ? undefined : release?.());
      for (const part of parts) this.#socket.write(part, part === parts.at(-1) ? sent : undefined);
    }
  }

  #settleIfIdle(): void {
    if (this.#slots.length > 0 && !this.#isClosed) return;
    this.#onIdle?.();
    this.#onIdle = null;
  }

  /** Says what was wrong, never with what content, and closes this connection; nobody else is touched. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    if (
      error instanceof FrameSizeError ||
      error instanceof CloseConnectionError ||
      error instanceof ProtocolError
    ) {
      this.#logger.warn('a connection was closed because its request cannot be served', {
        code: error.code,
        reason: error.message,
      });
    } else {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      this.#logger.error('a request failed unexpectedly and its connection was closed', { reason });
    }
    this.#waiting.length = 0;
    this.#socket.destroy();
  }
}
