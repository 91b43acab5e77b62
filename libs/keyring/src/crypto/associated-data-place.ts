import { NONCE_AT } from '../envelope.js';
import type { Binding } from '../keyring.js';
import type { WasmPiece } from './wasm-piece.js';

/** Larger bindings take the plain path. */
export const ASSOCIATED_DATA_BYTES = 8 * 1024;
const FIXED_BYTES = NONCE_AT + 4 * 4;

/** True when the associated data fits its place: UTF-8 takes at most three bytes for each UTF-16 unit. */
export function isShort({ stream, type, eventId, path }: Binding): boolean {
  return (
    FIXED_BYTES + 3 * (stream.length + type.length + eventId.length + path.length) <= ASSOCIATED_DATA_BYTES
  );
}

/** Where the associated data of an envelope is laid out in libsodium's memory; `associatedData` in envelope.ts says the same in simple terms. */
export class AssociatedDataPlace {
  readonly #piece: WasmPiece;
  readonly #start: number;
  readonly #envelope: number;
  /** The stream and type whose bytes stand here, and where they end. */
  #stream: string | null = null;
  #type = '';
  #afterType = 0;

  /** `start` and `envelope`: where the associated data goes, and where the envelope stands that it is for. */
  constructor(piece: WasmPiece, start: number, envelope: number) {
    this.#piece = piece;
    this.#start = start;
    this.#envelope = envelope;
  }

  /** Lays it out for the header at the envelope's place; returns its length. The binding must be short. */
  write(heap: Uint8Array, { stream, type, eventId, path }: Binding): number {
    const start = this.#start;
    heap.copyWithin(start, this.#envelope, this.#envelope + NONCE_AT);
    // Values come in runs of one stream and type: their bytes stay where the last call wrote them.
    if (stream !== this.#stream || type !== this.#type) {
      this.#afterType = this.#writeText(heap, this.#writeText(heap, start + NONCE_AT, stream), type);
      this.#stream = stream;
      this.#type = type;
    }
    return this.#writeText(heap, this.#writeText(heap, this.#afterType, eventId), path) - start;
  }

  /** UTF-8 after its length as u32; returns where the next one goes. */
  #writeText(heap: Uint8Array, at: number, text: string): number {
    const start = at + 4;
    let length = text.length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        length = this.#piece.buffer.write(text, start, 'utf8');
        break;
      }
      heap[start + index] = code;
    }
    heap[at] = length >>> 24;
    heap[at + 1] = length >>> 16;
    heap[at + 2] = length >>> 8;
    heap[at + 3] = length;
    return start + length;
  }
}
