import type { BatchView } from '@oubliette/protocol';
import type { TakenAppend } from './committer.js';
import type { LogParts } from './log-parts.js';
import type { ProducerChange } from './producer-states.js';

/** Checked batches on their way into the log. */
export interface CheckedAppend {
  readonly records: Uint8Array;
  readonly batches: readonly BatchView[];
  /** The timestamp (ms) that the log stamps them with, or null to keep theirs. */
  readonly stamp: bigint | null;
  readonly nowMs: number;
  readonly durable: boolean;
}

/** Gives the batches their offsets and enters them in segment, indexes and producer states; what is taken back leaves nothing of them there. */
export function enterBatches(
  { segments, producers, config, leaderEpoch }: LogParts,
  { records: bytes, batches, stamp, nowMs }: CheckedAppend,
): TakenAppend {
  const { active } = segments;
  const mark = active.mark();
  const changes: ProducerChange[] = [];
  for (const batch of batches) {
    batch.setBaseOffset(active.nextOffset);
    batch.setLeaderEpoch(leaderEpoch);
    if (stamp !== null) batch.setLogAppendTime(stamp);
    active.add(batch, config.indexIntervalBytes);
    if (batch.producerId < 0n) continue;
    const change = producers.add(batch);
    if (change.aborted !== null) active.transactionIndex.append(change.aborted);
    changes.push(change);
  }
  active.lastWriteMs = nowMs;
  const undo = (): void => {
    active.restore(mark);
    for (const change of changes.reverse()) producers.undo(change);
  };
  return { segment: active, bytes, position: mark.sizeBytes, nextOffset: active.nextOffset, undo };
}
