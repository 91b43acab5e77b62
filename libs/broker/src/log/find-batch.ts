import type { Buffer } from 'node:buffer';
import { batchAt as parseBatch, KafkaError, type BatchView } from '@oubliette/protocol';
import type { Segment } from './segment.js';

const baseOffsetBytes = 8;

/**
 * Looks for the batch of a segment that holds or follows an offset, one window of its file after the other. A batch whose offsets lie
 * outside of the segment, or do not follow those before it, is damaged, though its CRC-32C, which leaves the base offset out, is right: it
 * is passed over, and who asks for what it may have held is told.
 */
export class BatchSearch {
  /** Offset of the last record that was passed. */
  #passed: bigint;
  #hasDamage = false;

  constructor(
    private readonly segment: Segment,
    private readonly offset: bigint,
  ) {
    this.#passed = segment.baseOffset - 1n;
  }

  /**
   * The batch, or, without it in the window, where the cut-off rest begins. The window begins with a batch. Throws KafkaError
   * CORRUPT_MESSAGE.
   */
  in(window: Buffer): { at: number; batch: BatchView | null } {
    let at = 0;
    for (let batch = batchAt(window, at); batch !== null; batch = batchAt(window, at)) {
      const { lastOffset } = batch;
      if (!this.#isInPlace(batch, lastOffset, window, at)) this.#hasDamage = true;
      else if (lastOffset >= this.offset) {
        if (batch.baseOffset > this.offset) this.assertNothingHidden();
        return { at, batch };
      } else this.#passed = lastOffset;
      at += batch.sizeBytes;
    }
    return { at, batch: null };
  }

  /** The offset was not found: throws KafkaError CORRUPT_MESSAGE where it may stand in a batch that was passed over. */
  assertNothingHidden(): void {
    if (!this.#hasDamage) return;
    throw new KafkaError(
      'CORRUPT_MESSAGE',
      `a batch on disk is damaged: at offset ${this.offset} there is one whose own offset is not of its place`,
    );
  }

  #isInPlace(batch: BatchView, lastOffset: bigint, window: Buffer, at: number): boolean {
    const { baseOffset } = batch;
    if (baseOffset <= this.#passed || lastOffset >= this.segment.nextOffset) return false;
    const behind = at + batch.sizeBytes;
    if (behind + baseOffsetBytes > window.length) return true;
    // One of two that overlap is wrong: the later one, where it does not follow those before either.
    const next = window.readBigInt64BE(behind);
    return next > lastOffset || next <= this.#passed;
  }
}

/**
 * The batch there, null when it is cut off, or damaged behind others that can be served first. Throws KafkaError CORRUPT_MESSAGE for a
 * damaged one at the start.
 */
export function batchAt(bytes: Buffer, at: number): BatchView | null {
  try {
    return parseBatch(bytes, at);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    if (at > 0) return null;
    throw new KafkaError('CORRUPT_MESSAGE', `a batch on disk is damaged: ${error.message}`, { cause: error });
  }
}
