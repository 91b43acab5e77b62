import { Buffer } from 'node:buffer';

const lengthBytes = 4;
/** API key, API version, correlation id: no request is shorter. */
const smallestRequest = 8;
/** Smaller chunks of one frame are gathered: as they came each would cost some 270 bytes beside its own. */
const smallChunkBytes = 1024;
const firstGatherBytes = 64;
const maxGatherBytes = 64 * 1024;

/** A length before a frame that no request can have: what follows cannot be read, the connection is lost. */
export class FrameSizeError extends Error {
  override readonly name = 'FrameSizeError';
  readonly code = 'FRAME_SIZE';
}

/**
 * Cuts a byte stream into request frames (a length of four bytes, then that many). A frame that lies within one chunk is a view of
 * it; one that spans chunks is put together once. Only bytes that arrived are held (small chunks in buffers that at most double), whatever
 * the length claims.
 */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #minBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** What small chunks are gathered in; what is filled of it is the last of the chunks. */
  #gather: Buffer | null = null;
  #gathered = 0;

  constructor(maxBytes: number, minBytes = smallestRequest) {
    this.#maxBytes = maxBytes;
    this.#minBytes = minBytes;
  }

  /** The frames that are complete with this chunk, without their lengths. Throws FrameSizeError. */
  push(chunk: Buffer): Buffer[] {
    if (chunk.length < smallChunkBytes && this.#isWithinFrame(chunk.length)) this.#append(chunk);
    else {
      this.#gather = null;
      this.#chunks.push(chunk);
    }
    this.#buffered += chunk.length;
    const frames: Buffer[] = [];
    for (;;) {
      const size = this.#nextSize();
      if (size === null || this.#buffered < lengthBytes + size) return frames;
      const whole = this.#take(lengthBytes + size);
      frames.push(whole.subarray(lengthBytes));
    }
  }

  /** Bytes of a frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#buffered;
  }

  /** In how many pieces they are held. */
  get pendingChunks(): number {
    return this.#chunks.length;
  }

  /** Whether a frame has begun and so many more bytes do not end it. */
  #isWithinFrame(bytes: number): boolean {
    const after = this.#buffered + bytes;
    if (this.#buffered === 0) return false;
    const size = this.#nextSize();
    return size === null ? after < lengthBytes : after < lengthBytes + size;
  }

  #append(chunk: Buffer): void {
    const gather = this.#gather;
    if (gather !== null && this.#gathered + chunk.length <= gather.length) {
      chunk.copy(gather, this.#gathered);
      this.#gathered += chunk.length;
      this.#chunks[this.#chunks.length - 1] = gather.subarray(0, this.#gathered);
      return;
    }
    const doubled = Math.min(maxGatherBytes, 2 * (gather?.length ?? 0));
    const next = Buffer.allocUnsafe(Math.max(firstGatherBytes, doubled, chunk.length));
    chunk.copy(next, 0);
    this.#gather = next;
    this.#gathered = chunk.length;
    this.#chunks.push(next.subarray(0, chunk.length));
  }

  #nextSize(): number | null {
    if (this.#buffered < lengthBytes) return null;
    const [first] = this.#chunks;
    const size =
      first !== undefined && first.length >= lengthBytes
        ? first.readInt32BE(0)
        : this.#copyOfFirst(lengthBytes).readInt32BE(0);
    if (size < this.#minBytes || size > this.#maxBytes) {
      throw new FrameSizeError(
        `a frame of ${size} bytes: allowed are ${this.#minBytes} to ${this.#maxBytes}`,
      );
    }
    return size;
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks;
    const taken =
      first !== undefined && first.length >= length
        ? first.subarray(0, length)
        : // Of the last chunk only what belongs to the frame: the frames behind it stay views.
          this.#copyOfFirst(length);
    this.#drop(length);
    return taken;
  }

  #copyOfFirst(length: number): Buffer {
    const copy = Buffer.allocUnsafe(length);
    let filled = 0;
    for (const chunk of this.#chunks) {
      if (filled === length) break;
      filled += chunk.copy(copy, filled, 0, length - filled);
    }
    return copy;
  }

  #drop(length: number): void {
    this.#buffered -= length;
    let left = length;
    let whole = 0;
    for (const chunk of this.#chunks) {
      if (chunk.length > left) break;
      left -= chunk.length;
      whole++;
    }
    this.#chunks.splice(0, whole);
    const [rest] = this.#chunks;
    if (rest !== undefined && left > 0) this.#chunks[0] = rest.subarray(left);
  }
}
