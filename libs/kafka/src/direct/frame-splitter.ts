import { Buffer } from 'node:buffer';
import { FRAME_LENGTH_BYTES } from '@oubliette/protocol';
import { ConnectionError } from './errors.js';

/** Cuts a stream of bytes into frames (without their length). Holds at most one unfinished frame of `maxFrameBytes`. */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  readonly #length = Buffer.alloc(FRAME_LENGTH_BYTES);
  /** null while its length comes in. */
  #frame: Buffer | null = null;
  /** Bytes of the frame, or of its length, that came. */
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The frames that `chunk` completes, copied from it. Throws `ConnectionError` RESPONSE_MALFORMED for a length out of bounds. */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    let position = 0;
    while (position < chunk.length) {
      const target = this.#frame ?? this.#length;
      const taken = Math.min(target.length - this.#filled, chunk.length - position);
      target.set(chunk.subarray(position, position + taken), this.#filled);
      position += taken;
      this.#filled += taken;
      if (this.#filled < target.length) break;
      this.#filled = 0;
      this.#frame = this.#frame === null ? this.#begin() : this.#end(this.#frame, frames);
      if (this.#frame?.length === 0) this.#frame = this.#end(this.#frame, frames);
    }
    return frames;
  }

  #begin(): Buffer {
    const length = this.#length.readInt32BE();
    if (length < 0 || length > this.#maxFrameBytes) {
      throw new ConnectionError(
        'RESPONSE_MALFORMED',
        `a frame of ${length} bytes, at most ${this.#maxFrameBytes} are taken; is this a Kafka listener, and without TLS?`,
      );
    }
    return Buffer.allocUnsafe(length);
  }

  #end(frame: Buffer, frames: Uint8Array[]): null {
    frames.push(frame);
    return null;
  }
}
