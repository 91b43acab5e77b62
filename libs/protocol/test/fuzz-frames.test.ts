import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { ByteReader, ProtocolError } from '../src/index.js';
import { breakFrame, ORIGINALS, type Original } from './oracle/broken-frame.js';
import { seeded } from './oracle/random-message.js';

// Frames of every API and version, cut, changed and lengthened. A value or a ProtocolError comes of each, soon, and nothing is
// kept of it that outgrows the frame.

const SEED = Number(process.env['OUBLIETTE_SEED'] ?? 20_261_122);
const FRAMES = process.env['OUBLIETTE_FULL'] === '1' ? 1_000_000 : 50_000;
/** An element takes at least one byte of a frame; what is made of it, at most this, far below what a length could claim. */
const MOST_BYTES_PER_BYTE = 400;
const SLACK_BYTES = 64 * 1024;
/** What the runner itself takes meanwhile. */
const NOISE_BYTES = 1024 * 1024;

/** Roughly what a decoded value takes on the heap; views of the frame take no more than their object. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 32 + 2 * value.length;
  if (typeof value === 'bigint') return 32;
  if (value instanceof Uint8Array) return 128;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 64;
  for (const item of Object.values(value)) sum += 8 + bytesOf(item);
  return sum;
}

describe(`${FRAMES} frames that went wrong, seed ${SEED}`, () => {
  test('each gives a value in proportion to its frame, or a ProtocolError, and takes no more on the way', () => {
    const random = seeded(SEED);
    const outcomes = { values: 0, refused: 0 };
    let slowestMs = 0;
    for (let frame = 0; frame < FRAMES; frame++) {
      // In turns, so that none of them is left out.
      const original = ORIGINALS[frame % ORIGINALS.length];
      assert.ok(original);
      const bytes = breakFrame(original.bytes, random);
      const before = allocatedBytes();
      const started = performance.now();
      const value = decoded(original, bytes, frame);
      slowestMs = Math.max(slowestMs, performance.now() - started);
      // Also what was made and thrown away again, unless a collection came between.
      const taken = allocatedBytes() - before;
      assert.ok(taken < NOISE_BYTES + bytes.length * MOST_BYTES_PER_BYTE, where(original, bytes, frame));
      if (value === null) {
        outcomes.refused += 1;
        continue;
      }
      outcomes.values += 1;
      const most = SLACK_BYTES + bytes.length * MOST_BYTES_PER_BYTE;
      assert.ok(bytesOf(value) <= most, where(original, bytes, frame));
    }
    assert.ok(outcomes.values > FRAMES / 20 && outcomes.refused > FRAMES / 3, JSON.stringify(outcomes));
    assert.ok(slowestMs < 2_000, `one took ${slowestMs} ms`);
  });
});

function allocatedBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** null when the frame was refused. */
function decoded(original: Original, bytes: Buffer, frame: number): unknown {
  const { message, version } = original;
  try {
    return message.decode(version, new ByteReader(bytes));
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `${where(original, bytes, frame)}: ${String(error)}`);
    return null;
  }
}

/** Enough to do it again. */
function where({ message, version }: Original, bytes: Buffer, frame: number): string {
  return `frame ${frame} of seed ${SEED}, ${message.name} ${version}: ${bytes.toString('hex')}`;
}
