import { Buffer } from 'node:buffer';
import { lz4Package } from './codec-packages.js';
import { corrupt, refuseBeyond } from './corrupt.js';
import { measureLz4Frame } from './lz4-frame.js';

/** Magic, version 1 with independent blocks of up to 64 KiB, checksum of these: what Kafka's Lz4BlockOutputStream writes. */
const HEADER = Buffer.from('04224d18' + '6040' + '82', 'hex');
const BLOCK_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;
/** Of a block that is not packed. */
const PLAIN_BIT = 0x80000000;

/** One LZ4 frame in the shape that Kafka's own producer gives it. */
export function lz4Compress(bytes: Uint8Array): Uint8Array {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { compressSync } = lz4Package();
  const parts: Uint8Array[] = [HEADER];
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const block = input.subarray(start, start + BLOCK_BYTES);
    parts.push(...framedBlock(block, compressSync(block)));
  }
  parts.push(Buffer.alloc(LENGTH_BYTES));
  return Buffer.concat(parts);
}

/** `lz4Compress` on another thread, block by block. */
export async function lz4CompressAside(bytes: Uint8Array): Promise<Uint8Array> {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { compress } = lz4Package();
  const parts: Uint8Array[] = [HEADER];
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const block = input.subarray(start, start + BLOCK_BYTES);
    parts.push(...framedBlock(block, await compress(block)));
  }
  parts.push(Buffer.alloc(LENGTH_BYTES));
  return Buffer.concat(parts);
}

/** The block as a frame holds it: packed, unless that makes it no smaller. */
function framedBlock(block: Buffer, packed: Buffer): readonly Uint8Array[] {
  // The package puts the block's size in front, where the frame wants the packed length.
  const packedLength = packed.length - LENGTH_BYTES;
  if (packedLength < block.length) {
    packed.writeUInt32LE(packedLength);
    return [packed];
  }
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeUInt32LE((block.length | PLAIN_BIT) >>> 0);
  return [length, block];
}

/** Unpacks one LZ4 frame by the rules of Kafka's Lz4BlockInputStream; what stands behind the frame is not looked at. */
export function lz4Decompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const frame = frameOf(bytes, maxBytes);
  try {
    return lz4Package().decompressFrameSync(frame);
  } catch (cause) {
    throw corrupt('lz4', 'a block or a checksum is wrong', cause);
  }
}

/** `lz4Decompress` on another thread. */
export async function lz4DecompressAside(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const frame = frameOf(bytes, maxBytes);
  try {
    return await lz4Package().decompressFrame(frame);
  } catch (cause) {
    throw corrupt('lz4', 'a block or a checksum is wrong', cause);
  }
}

/** The first frame, which unpacks to no more than that. */
function frameOf(bytes: Uint8Array, maxBytes: number): Buffer {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { end, unpackedBytes } = measureLz4Frame(input, maxBytes);
  refuseBeyond('lz4', unpackedBytes, maxBytes);
  return input.subarray(0, end);
}
