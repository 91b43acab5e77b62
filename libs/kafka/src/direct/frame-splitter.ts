import { Buffer } from 'node:buffer';
import { FRAME_LENGTH_BYTES } from '@oubliette/protocol';
import { ConnectionError } from './errors.js';

/** Cuts a stream of bytes into frames (without their length). Holds at most one unfinished frame of `maxFrameBytes`. */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  /** Bytes until there is something to cut: a length, then a whole frame. */
  #wanted = FRAME_LENGTH_BYTES;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The frames that `chunk` completes. Throws `ConnectionError` RESPONSE_MALFORMED for a length out of bounds. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return [];
    const [first = chunk] = this.#chunks;
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#held);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const frames: Uint8Array[] = [];
    let position = 0;
    this.#wanted = FRAME_LENGTH_BYTES;
    while (bytes.length - position >= FRAME_LENGTH_BYTES) {
      const length = view.getInt32(position);
      if (length < 0 || length > this.#maxFrameBytes) {
        throw new ConnectionError(
          'RESPONSE_MALFORMED',
          `a frame of ${length} bytes, at most ${this.#maxFrameBytes} are taken; is this a Kafka listener, and without TLS?`,
        );
      }
      const end = position + FRAME_LENGTH_BYTES + length;
      if (end > bytes.length) {
        this.#wanted = FRAME_LENGTH_BYTES + length;
        break;
      }
      frames.push(bytes.subarray(position + FRAME_LENGTH_BYTES, end));
      position = end;
    }
    this.#held = bytes.length - position;
    this.#chunks = this.#held === 0 ? [] : [bytes.subarray(position)];
    return frames;
  }
}
