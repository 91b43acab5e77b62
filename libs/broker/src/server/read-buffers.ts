import { Buffer } from 'node:buffer';

/** Smaller ones come and go with the young generation. */
const smallestBytes = 32 * 1024;
/** Buffers are kept by their size, rounded up to this. */
const stepBytes = 256 * 1024;
/** What lies idle at most: the usual fetch of 1 MiB a dozen times. */
const idleLimitBytes = 16 * 1024 * 1024;

/**
 * Buffers that fetches read into, used again once their bytes have left the socket. Memory outside V8's heap that comes and goes by
 * the megabyte makes it mark the whole heap every few answers, which took most of the time of a consumer that catches up.
 */
export class ReadBuffers {
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A buffer of so many bytes or more, with whatever stood in it before. */
  take(bytes: number): Buffer {
    if (bytes < smallestBytes) return Buffer.allocUnsafe(bytes);
    const size = Math.ceil(bytes / stepBytes) * stepBytes;
    const idle = this.#idle.get(size)?.pop();
    if (idle === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return idle;
  }

  /** The buffer's bytes are needed by nobody any more. */
  giveBack(buffer: Buffer): void {
    const size = buffer.length;
    if (size < smallestBytes || this.#idleBytes + size > idleLimitBytes) return;
    this.#idleBytes += size;
    const others = this.#idle.get(size);
    if (others === undefined) this.#idle.set(size, [buffer]);
    else others.push(buffer);
  }
}

/** What one answer at a time was read into. */
export class AnswerBuffers {
  #taken: Buffer[] = [];

  constructor(private readonly pool: ReadBuffers) {}

  /** So many bytes for the answer that is being built; not zeroed. */
  readonly allocate = (bytes: number): Buffer => {
    const buffer = this.pool.take(bytes);
    this.#taken.push(buffer);
    return buffer.subarray(0, bytes);
  };

  /** The answer is built, or will not be: returns what gives its buffers back, or null where it has none. */
  detach(): (() => void) | null {
    if (this.#taken.length === 0) return null;
    const taken = this.#taken;
    this.#taken = [];
    return () => {
      for (const buffer of taken) this.pool.giveBack(buffer);
    };
  }
}
