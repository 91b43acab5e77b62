import type { Buffer } from 'node:buffer';
import { corrupt } from './corrupt.js';

// The LZ4 frame format 1.6 and the LZ4 block format; which frames are taken is Kafka's Lz4BlockInputStream's choice.

const MAGIC = 0x184d2204;
const FLAG = {
  version: 0xc0,
  version1: 0x40,
  independentBlocks: 0x20,
  blockChecksums: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  reserved: 0x03,
} as const;
const PLAIN_BIT = 0x80000000;
const MIN_HEADER_BYTES = 7;
const SMALLEST_BLOCK_CODE = 4;
const MIN_MATCH = 4;

export interface MeasuredFrame {
  /** Where the frame ends. */
  readonly end: number;
  /** What it unpacks to, at most; exact where a rough bound would exceed the limit. */
  readonly unpackedBytes: number;
}

interface Block {
  readonly start: number;
  readonly length: number;
  readonly plain: boolean;
}

/** Walks over a frame's blocks without unpacking any. Throws `KafkaError` CORRUPT_MESSAGE for a frame that Kafka refuses. */
export function measureLz4Frame(input: Buffer, maxBytes: number): MeasuredFrame {
  const { flags, maxBlockBytes, headerBytes } = readHeader(input);
  const blocks: Block[] = [];
  let rough = 0;
  let position = headerBytes;
  for (;;) {
    if (input.length - position < 4) throw corrupt('lz4', 'it has no end mark');
    const word = input.readUInt32LE(position);
    position += 4;
    if (word === 0) break;
    const plain = word >= PLAIN_BIT;
    const length = plain ? word - PLAIN_BIT : word;
    const taken = length + ((flags & FLAG.blockChecksums) === 0 ? 0 : 4);
    if (length > maxBlockBytes || taken > input.length - position) {
      throw corrupt(
        'lz4',
        `a block of ${length} bytes, ${maxBlockBytes} are allowed, ${input.length - position} left`,
      );
    }
    blocks.push({ start: position, length, plain });
    rough += plain ? length : maxBlockBytes;
    position += taken;
  }
  if ((flags & FLAG.contentChecksum) !== 0) position += 4;
  if (position > input.length) throw corrupt('lz4', 'it ends within its checksum');
  if (rough <= maxBytes) return { end: position, unpackedBytes: rough };
  return { end: position, unpackedBytes: exactBytes(input, blocks, maxBytes) };
}

function readHeader(input: Buffer): { flags: number; maxBlockBytes: number; headerBytes: number } {
  if (input.length < MIN_HEADER_BYTES || input.readUInt32LE(0) !== MAGIC) {
    throw corrupt('lz4', 'it does not begin as an LZ4 frame does');
  }
  const flags = input.readUInt8(4);
  const sizes = input.readUInt8(5);
  if ((flags & FLAG.version) !== FLAG.version1) throw corrupt('lz4', 'its frame is not of version 1');
  if ((flags & FLAG.independentBlocks) === 0) {
    throw corrupt('lz4', 'its blocks depend on one another, which Kafka does not take');
  }
  const code = (sizes >> 4) & 0x07;
  if ((flags & FLAG.reserved) !== 0 || (sizes & 0x8f) !== 0 || code < SMALLEST_BLOCK_CODE) {
    throw corrupt('lz4', 'its frame header has reserved bits or sizes');
  }
  const headerBytes = MIN_HEADER_BYTES + ((flags & FLAG.contentSize) === 0 ? 0 : 8);
  return { flags, maxBlockBytes: 2 ** (8 + 2 * code), headerBytes };
}

/** Stops counting beyond `maxBytes`. */
function exactBytes(input: Buffer, blocks: readonly Block[], maxBytes: number): number {
  let total = 0;
  for (const { start, length, plain } of blocks) {
    total += plain ? length : blockBytes(input, start, start + length);
    if (total > maxBytes) break;
  }
  return total;
}

/** Adds up a block's literals and matches: token, literals, two bytes of match offset, lengths continued by bytes of 255. */
function blockBytes(input: Buffer, start: number, end: number): number {
  let total = 0;
  let position = start;
  const extended = (length: number): number => {
    if (length !== 15) return length;
    let sum = length;
    let byte = 255;
    while (byte === 255 && position < end) {
      byte = input.readUInt8(position);
      position += 1;
      sum += byte;
    }
    return sum;
  };
  while (position < end) {
    const token = input.readUInt8(position);
    position += 1;
    const literals = extended(token >> 4);
    position += literals;
    total += literals;
    if (position >= end) break;
    position += 2;
    total += extended(token & 0x0f) + MIN_MATCH;
  }
  return total;
}
