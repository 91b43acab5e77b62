import { Buffer } from 'node:buffer';
import { ProtocolError } from '../errors.js';
import { ElementCount } from './element-count.js';

const MAX_BYTES = 0x7fffffff;
/** Below this a copy is cheaper than one more piece in a writev. */
const ATTACH_FROM_BYTES = 8 * 1024;

const SMALL_MIN = -0x80000000n;
const SMALL_MAX = 0x7fffffffn;

/** Bytes of an unsigned varint. */
export function unsignedVarintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Bytes of a zigzag varint of 32 bits. */
export function varintSize(value: number): number {
  return unsignedVarintSize(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes of a zigzag varint of 64 bits. */
export function varlongSize(value: bigint): number {
  if (value >= SMALL_MIN && value <= SMALL_MAX) return varintSize(Number(value));
  let size = 5;
  for (let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)) >> 35n; rest > 0n; rest >>= 7n)
    size += 1;
  return size;
}

/**
 * Writes big-endian values into slabs. `finish` hands out what was written since the last one as a view and goes on behind
 * it in the same slab, so that many small messages share one allocation and none is copied. Never rewrites what it handed out.
 */
export class ByteWriter {
  readonly #slabBytes: number;
  readonly elements = new ElementCount();
  #buffer: Buffer;
  #start = 0;
  #position = 0;
  #parts: Uint8Array[] = [];
  #partsLength = 0;

  constructor(slabBytes = 512) {
    this.#slabBytes = slabBytes;
    this.#buffer = Buffer.allocUnsafe(slabBytes);
  }

  /** Bytes written since the last `finish`. */
  get length(): number {
    return this.#partsLength + this.#position - this.#start;
  }

  /** What was written since the last `finish`, as one piece; valid for ever. */
  finish(): Uint8Array {
    const [first, ...rest] = this.finishParts();
    if (first === undefined) return new Uint8Array(0);
    return rest.length === 0 ? first : Buffer.concat([first, ...rest], this.#lengthOf(first, rest));
  }

  /** The same as pieces in order: what `attach` was given stands in its place uncopied. */
  finishParts(): Uint8Array[] {
    this.#cut();
    const parts = this.#parts;
    this.#parts = [];
    this.#partsLength = 0;
    return parts;
  }

  #lengthOf(first: Uint8Array, rest: readonly Uint8Array[]): number {
    return rest.reduce((sum, part) => sum + part.length, first.length);
  }

  #cut(): void {
    const length = this.#position - this.#start;
    if (length === 0) return;
    const { buffer, byteOffset } = this.#buffer;
    this.#parts.push(new Uint8Array(buffer, byteOffset + this.#start, length));
    this.#partsLength += length;
    this.#start = this.#position;
  }

  /** Writes bytes; many of them are not copied but handed out by `finishParts` as they are, and must not change before. */
  attach(value: Uint8Array): void {
    if (value.length < ATTACH_FROM_BYTES) {
      this.bytes(value);
      return;
    }
    this.#cut();
    this.#parts.push(value);
    this.#partsLength += value.length;
  }

  /** Forgets what was written since the last `finish`. */
  discard(): void {
    this.#position = this.#start;
    this.#parts = [];
    this.#partsLength = 0;
  }

  #grow(length: number): number {
    const position = this.#position;
    if (position + length <= this.#buffer.length) {
      this.#position = position + length;
      return position;
    }
    const written = position - this.#start;
    if (this.#partsLength + written + length > MAX_BYTES) {
      throw new ProtocolError('VALUE_TOO_LONG', `a message of more than ${MAX_BYTES} bytes cannot be framed`);
    }
    const next = Buffer.allocUnsafe(Math.max(this.#slabBytes, Math.min(MAX_BYTES, (written + length) * 2)));
    this.#buffer.copy(next, 0, this.#start, position);
    this.#buffer = next;
    this.#start = 0;
    this.#position = written + length;
    return written;
  }

  #byte(value: number): void {
    const at = this.#grow(1); // first: it may replace the buffer
    this.#buffer[at] = value;
  }

  boolean(value: boolean): void {
    this.#byte(value ? 1 : 0);
  }

  int8(value: number): void {
    const at = this.#grow(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#grow(2);
    this.#buffer.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#grow(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint32(value: number): void {
    const at = this.#grow(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#grow(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  float64(value: number): void {
    const at = this.#grow(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31));
  }

  varlong(value: bigint): void {
    if (value >= SMALL_MIN && value <= SMALL_MAX) {
      this.varint(Number(value)); // the same bytes without big integers
      return;
    }
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 0x0fffffffn) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.unsignedVarint(Number(rest));
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#buffer.set(value, at);
  }

  /** The text without a length. `size` is its `Buffer.byteLength`. */
  utf8(value: string, size: number): void {
    const at = this.#grow(size);
    this.#buffer.write(value, at, size, 'utf8');
  }

  /** 16 bytes from Kafka's text form of a UUID. */
  uuid(value: string): void {
    const at = this.#grow(16);
    if (value.length !== 22 || this.#buffer.write(value, at, 16, 'base64url') !== 16) {
      throw new ProtocolError('INVALID_VALUE', 'a UUID is 22 characters of unpadded URL-safe base64');
    }
  }

  /** Overwrites four bytes, `offset` from the start of the message, which must lie before anything attached. */
  setUint32(offset: number, value: number): void {
    const first = this.#parts[0];
    if (first === undefined) {
      this.#buffer.writeUInt32BE(value, this.#start + offset);
      return;
    }
    new DataView(first.buffer, first.byteOffset, first.length).setUint32(offset, value);
  }
}
