import type { Type } from 'avsc';

const FIRST_BYTES = 1024;
/** A scratch that grew further is not kept. */
const KEPT_BYTES = 64 * 1024;

/**
 * Memory that values are encoded into, used again for each and overwritten after it: avsc's own would keep the last
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
      bytes.fill(0, 0, end);
    }
  }

  #grown(length: number): AvroScratch {
    const larger = length <= KEPT_BYTES ? this : new AvroScratch();
    larger.#bytes = memory(length);
    return larger;
  }
}

/** Outside of Node's pool, which others' buffers are cut from. */
function memory(length: number): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}
