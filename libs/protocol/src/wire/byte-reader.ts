import { Buffer } from 'node:buffer';
import { ProtocolError } from '../errors.js';
import { ElementCount } from './element-count.js';

/**
 * Reads big-endian values from one frame. Nothing is read, and nothing allocated, past the frame's end: an overrun is a
 * `ProtocolError` FRAME_OVERRUN. `bytes` returns views, not copies.
 */
export class ByteReader {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly elements = new ElementCount();
  #position: number;
  #elementsLeft: number;

  /** `maxElements`: how many elements its arrays may have, all in all. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length, maxElements = Infinity) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#position = start;
    this.#end = Math.min(end, bytes.length);
    this.#elementsLeft = maxElements;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Reads with `read`; where that throws, the reader stands again where it stood. */
  attempt<T>(read: () => T): T {
    const position = this.#position;
    const elementsLeft = this.#elementsLeft;
    try {
      return read();
    } catch (error) {
      this.#position = position;
      this.#elementsLeft = elementsLeft;
      throw error;
    }
  }

  /** To be called before so many elements are made. Throws `ProtocolError` TOO_MANY_ELEMENTS, TOO_MANY_AT_ONCE. */
  countElements(count: number): void {
    this.#elementsLeft -= count;
    if (this.#elementsLeft >= 0) {
      this.elements.begin(count);
      return;
    }
    throw new ProtocolError('TOO_MANY_ELEMENTS', `${count} elements are more than a frame may still hold`);
  }

  /** The value `offset` bytes ahead, which is not passed. */
  peekInt16(offset: number): number {
    const position = this.#position;
    this.#take(offset + 2);
    this.#position = position;
    return this.#buffer.readInt16BE(position + offset);
  }

  #take(length: number): number {
    const position = this.#position;
    if (length < 0) {
      throw new ProtocolError('INVALID_LENGTH', `negative length ${length} at byte ${position} of the frame`);
    }
    if (length > this.#end - position) {
      throw new ProtocolError(
        'FRAME_OVERRUN',
        `${length} bytes wanted at byte ${position}, the frame ends at ${this.#end}`,
      );
    }
    this.#position = position + length;
    return position;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8));
  }

  float64(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  /** Base 128, least significant group first, at most five bytes (KIP-482). */
  unsignedVarint(): number {
    const first = this.#buffer[this.#take(1)] ?? 0;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new ProtocolError('INVALID_VARINT', `varint of more than five bytes before byte ${this.#position}`);
  }

  /** Zigzag varint of 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag varint of 64 bits, at most ten bytes. */
  varlong(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt((low >>> 1) ^ -(low & 1));
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (BigInt.asUintN(64, value) >> 1n) ^ -(value & 1n));
    }
    throw new ProtocolError('INVALID_VARINT', `varlong of more than ten bytes before byte ${this.#position}`);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const position = this.#take(length);
    const { buffer, byteOffset } = this.#buffer;
    return new Uint8Array(buffer, byteOffset + position, length);
  }

  utf8(length: number): string {
    const position = this.#take(length);
    return this.#buffer.toString('utf8', position, position + length);
  }

  /** A UUID in Kafka's text form: 16 bytes as unpadded URL-safe base64. */
  uuid(): string {
    const position = this.#take(16);
    return this.#buffer.toString('base64url', position, position + 16);
  }

  skip(length: number): void {
    this.#take(length);
  }
}
