import type { Type } from 'avsc';

const FIRST_BYTES = 1024;
/** A scratch that grew further is not kept. */
const KEPT_BYTES = 64 * 1024;

/**
 * Memory that values are encoded into and decoded from, used again for each and overwritten after it: avsc's own would keep the last
 * personal value, and costs two copies more.
 */
export class AvroScratch {
  #bytes = memory(FIRST_BYTES);

  /**
   * `use` gets memory whose first `length` bytes are the prefix and the encoded value, during the call only. Throws what avsc
   * throws for a value that does not fit.
   */
  encode<R>(type: Type, prefix: Uint8Array, value: unknown, use: (memory: Buffer, length: number) => R): R {
    const bytes = this.#bytes;
    let end = bytes.length;
    try {
      const reached = type.encode(value, bytes, prefix.length);
      // avsc counts what is missing as a negative number.
      if (reached < 0) return this.#grown(bytes.length - reached).encode(type, prefix, value, use);
      end = reached;
      bytes.set(prefix);
      return use(bytes, end);
    } finally {
      wipe(bytes, end);
    }
  }

  /**
   * `use` gets memory that begins with these bytes, during the call only. avsc reads a Buffer, and making one of a small array moves its
   * bytes to memory of their own first, which takes several times as long.
   */
  decode<R>(bytes: Uint8Array, use: (memory: Buffer) => R): R {
    const { length } = bytes;
    const place = length <= this.#bytes.length ? this.#bytes : memory(length);
    try {
      place.set(bytes);
      return use(place);
    } finally {
      wipe(place, length);
    }
  }

  #grown(length: number): AvroScratch {
    const larger = length <= KEPT_BYTES ? this : new AvroScratch();
    larger.#bytes = memory(length);
    return larger;
  }
}

/** As Buffer's own fill does, without its look at what kind of value it is given. */
function wipe(bytes: Buffer, end: number): void {
  Uint8Array.prototype.fill.call(bytes, 0, 0, end);
}

/** Outside of Node's pool, which others' buffers are cut from. */
function memory(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}
