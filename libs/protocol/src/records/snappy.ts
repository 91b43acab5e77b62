import { Buffer } from 'node:buffer';
import { snappyPackage } from './codec-packages.js';
import { corrupt, refuseBeyond } from './corrupt.js';

/** What snappy-java's stream begins with: the name, then its version and the oldest version that can read it. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const VERSION = 1;
const HEADER_BYTES = MAGIC.length + 8;
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, VERSION, 0, 0, 0, VERSION])]);
const LENGTH_BYTES = 4;
/** The first four bytes of a header where a length was expected: streams were joined. */
const JOINED = MAGIC.readInt32BE(0);
/** Block size of snappy-java's SnappyOutputStream. */
const BLOCK_BYTES = 32 * 1024;
/** Three bytes copy at most 64: no block grows more than that. */
const MAX_GROWTH = 22;

/** A stream as snappy-java writes it: a header, then blocks of 32 KiB, each behind its packed length. */
export function snappyCompress(bytes: Uint8Array): Uint8Array {
  const { compressSync } = snappyPackage();
  const parts: Uint8Array[] = [HEADER];
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = compressSync(bytes.subarray(start, start + BLOCK_BYTES));
    parts.push(lengthOf(block), block);
  }
  return Buffer.concat(parts);
}

/** `snappyCompress` on another thread, block by block. */
export async function snappyCompressAside(bytes: Uint8Array): Promise<Uint8Array> {
  const { compress } = snappyPackage();
  const parts: Uint8Array[] = [HEADER];
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = await compress(bytes.subarray(start, start + BLOCK_BYTES));
    parts.push(lengthOf(block), block);
  }
  return Buffer.concat(parts);
}

function lengthOf(block: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(LENGTH_BYTES);
  length.writeInt32BE(block.length);
  return length;
}

/** Unpacks snappy-java's stream, and the bare block that other clients send (as snappy-java's SnappyInputStream does). */
export function snappyDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const { uncompressSync } = snappyPackage();
  const unpacked = blocksOf(bytes, maxBytes).map((block) => {
    return uncompressSync(block, { asBuffer: true }) as Buffer;
  });
  const [only] = unpacked;
  return only !== undefined && unpacked.length === 1 ? only : Buffer.concat(unpacked);
}

/** `snappyDecompress` on another thread, block by block. */
export async function snappyDecompressAside(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { uncompress } = snappyPackage();
  const blocks = blocksOf(bytes, maxBytes);
  // Filled as the blocks come: to put them together at the end would hold everybody up.
  const unpacked = Buffer.allocUnsafeSlow(blocks.reduce((sum, block) => sum + unpackedLength(block), 0));
  let filled = 0;
  for (const block of blocks) {
    filled += ((await uncompress(block, { asBuffer: true })) as Buffer).copy(unpacked, filled);
  }
  return unpacked.subarray(0, filled);
}

/** The blocks, which unpack to no more than that. */
function blocksOf(bytes: Uint8Array, maxBytes: number): Buffer[] {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks = isStream(input) ? streamBlocks(input) : [input];
  let total = 0;
  for (const block of blocks) {
    total += unpackedLength(block);
    refuseBeyond('snappy', total, maxBytes);
  }
  return blocks;
}

function isStream(input: Buffer): boolean {
  return input.length >= HEADER_BYTES && input.subarray(0, MAGIC.length).equals(MAGIC);
}

/** The versions in the header are not looked at, nor are they by snappy-java. */
function streamBlocks(input: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let position = HEADER_BYTES;
  // Fewer bytes than a length are no block: SnappyInputStream ends there too.
  while (input.length - position >= LENGTH_BYTES) {
    const length = input.readInt32BE(position);
    if (length === JOINED && isStream(input.subarray(position))) {
      position += HEADER_BYTES;
      continue;
    }
    position += LENGTH_BYTES;
    if (length < 0 || length > input.length - position) {
      throw corrupt('snappy', `a block of ${length} bytes, ${input.length - position} are left`);
    }
    blocks.push(input.subarray(position, position + length));
    position += length;
  }
  return blocks;
}

/** What a block says that it unpacks to; one that cannot be true is refused before its memory is taken. */
function unpackedLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte >= 0x80) continue;
    if (length <= block.length * MAX_GROWTH) return length;
    throw corrupt('snappy', `a block of ${block.length} bytes cannot unpack to ${length}`);
  }
  throw corrupt('snappy', 'a block has no length');
}
