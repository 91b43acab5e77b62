import { Buffer } from 'node:buffer';
import { zstdPackage } from './codec-packages.js';
import { corrupt, refuseBeyond } from './corrupt.js';

// RFC 8878, section 3.1: frames and blocks.

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
const MAX_BLOCK_BYTES = 128 * 1024;
/** What the rough bound may exceed the limit by: many small blocks look larger than they are. */
const ROUGH_BYTES = 64 * MAX_BLOCK_BYTES;
const BLOCK_HEADER_BYTES = 3;
const BLOCK = { raw: 0, repeated: 1, packed: 2 } as const;
const CHECKSUM_BYTES = 4;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/** One zstd frame. `level` -131072 to 22. */
export function zstdCompress(bytes: Uint8Array, level: number): Uint8Array {
  const { Encoder } = zstdPackage();
  return new Encoder(level).encodeSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Unpacks all frames, with or without their content's size: Java's streams do not write it. */
export function zstdDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const input = framesOf(bytes, maxBytes);
  if (input.length === 0) return input; // no frame, no bytes, as Java's stream has it
  const unpacked = decode(input);
  refuseBeyond('zstd', unpacked.length, maxBytes);
  return unpacked;
}

/** `zstdCompress` on another thread. */
export function zstdCompressAside(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const { Encoder } = zstdPackage();
  return new Encoder(level).encode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** `zstdDecompress` on another thread. */
export async function zstdDecompressAside(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const input = framesOf(bytes, maxBytes);
  if (input.length === 0) return input;
  const { Decoder } = zstdPackage();
  const unpacked = await new Decoder().decode(input).catch((cause: unknown) => {
    throw corrupt('zstd', 'a block or a checksum is wrong', cause);
  });
  refuseBeyond('zstd', unpacked.length, maxBytes);
  return unpacked;
}

function decode(input: Buffer): Uint8Array {
  try {
    const { Decoder } = zstdPackage();
    return new Decoder().decodeSync(input);
  } catch (cause) {
    throw corrupt('zstd', 'a block or a checksum is wrong', cause);
  }
}

/** Frames that unpack to little more than that, if at all. */
function framesOf(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  refuseBeyond('zstd', mostUnpacked(input) - ROUGH_BYTES, maxBytes);
  return input;
}

/** Walks over frames and blocks without unpacking any. A bound: a packed block counts as the largest that the format allows. */
function mostUnpacked(input: Buffer): number {
  let total = 0;
  let position = 0;
  while (position < input.length) {
    if (input.length - position < 8) throw corrupt('zstd', 'it ends within a frame header');
    const magic = input.readUInt32LE(position);
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      position += 8 + input.readUInt32LE(position + 4);
      continue;
    }
    if (magic !== MAGIC) throw corrupt('zstd', 'it does not begin as a zstd frame does');
    const frame = measureFrame(input, position + 4);
    total += frame.bytes;
    position = frame.end;
  }
  if (position > input.length) throw corrupt('zstd', 'it ends within a frame');
  return total;
}

/** `start` is behind the magic number. */
function measureFrame(input: Buffer, start: number): { bytes: number; end: number } {
  const descriptor = input.readUInt8(start);
  const single = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 ? (single ? 1 : 0) : 2 ** sizeCode;
  const dictionaryBytes = DICTIONARY_ID_BYTES[(descriptor & 0x03) as 0 | 1 | 2 | 3];
  let position = start + 1 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  let bytes = 0;
  for (let last = false; !last;) {
    if (input.length - position < BLOCK_HEADER_BYTES) throw corrupt('zstd', 'it ends within a frame');
    const header = input.readUIntLE(position, BLOCK_HEADER_BYTES);
    last = (header & 1) !== 0;
    const type = (header >> 1) & 0x03;
    const length = header >> 3;
    if (type > BLOCK.packed || length > MAX_BLOCK_BYTES) throw corrupt('zstd', 'a block header is wrong');
    bytes += type === BLOCK.packed ? MAX_BLOCK_BYTES : length;
    position += BLOCK_HEADER_BYTES + (type === BLOCK.repeated ? 1 : length);
  }
  position += (descriptor & 0x04) === 0 ? 0 : CHECKSUM_BYTES;
  if (position > input.length) throw corrupt('zstd', 'it ends within a frame');
  return { bytes, end: position };
}
