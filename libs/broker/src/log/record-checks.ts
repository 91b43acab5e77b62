import { KafkaError } from '@oubliette/protocol';

/** A varint of 32 bits has five bytes at most, a varlong ten. */
const maxVarintBytes = 10;

/**
 * Walks over the records of one unpacked batch without decoding them: exactly `count` records fill the payload, their offset
 * deltas count from 0, and each has a key where a compacted topic asks for one. Throws KafkaError INVALID_RECORD.
 */
export function checkRecords(
  payload: Uint8Array,
  count: number,
  options: { readonly needsKeys: boolean },
): void {
  const walk = new Walk(payload);
  for (let index = 0; index < count; index++) {
    const length = walk.zigzag();
    const end = walk.at + length;
    if (length < 1 || end > payload.length) fail(`record ${index} says it has ${length} bytes`);
    walk.at++; // attributes, unused
    walk.skipVarint();
    const delta = walk.zigzag();
    if (delta !== index) fail(`record ${index} has the offset delta ${delta}`);
    const keyLength = walk.zigzag();
    if (keyLength < -1 || walk.at + Math.max(0, keyLength) > end) fail(`record ${index} overruns its length`);
    if (options.needsKeys && keyLength < 0) {
      fail('a compacted topic takes no record without a key');
    }
    walk.at = end;
  }
  if (walk.at !== payload.length) fail(`${payload.length - walk.at} bytes follow the last record`);
}

class Walk {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  zigzag(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    return fail('a varint is too long');
  }

  skipVarint(): void {
    for (let length = 0; length < maxVarintBytes; length++) if (this.#byte() < 0x80) return;
    fail('a varint is too long');
  }

  #byte(): number {
    const byte = this.bytes[this.at++];
    return byte ?? fail('the records end in the middle of one');
  }
}

function fail(what: string): never {
  throw new KafkaError('INVALID_RECORD', what);
}
