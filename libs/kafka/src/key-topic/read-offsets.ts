import { MAX_READ_OFFSETS, type StoredKeyLogRecord } from '@oubliette/keyring';
import { KafkaClientError } from '../errors.js';
import type { KeyTopicLink } from './link.js';

/** Offsets that stand no further apart than this are looked up together. */
const neighbours = 128n;
/** Of one answer; a key record takes about 165 bytes of a batch. */
const bytesAnOffset = 200;
const minLookBytes = 1024;
const maxLookBytes = 64 * 1024;
/** Answers on their way at the same time, each for a stretch of at least so many offsets. */
const maxStretches = 8;
const minStretch = 16;

/**
 * The records at `offsets`, in their order, copied; null where none stands. Looks up neighbours together, about 64 KiB a time;
 * a broker gives whole batches. Rejects with a `RangeError` above `MAX_READ_OFFSETS`, with `KEY_TOPIC_UNAVAILABLE` (retriable)
 * when brokers do not answer.
 */
export async function readOffsets(
  link: KeyTopicLink,
  partition: number,
  offsets: readonly bigint[],
): Promise<readonly (StoredKeyLogRecord | null)[]> {
  if (offsets.length > MAX_READ_OFFSETS)
    throw new RangeError(`${offsets.length} offsets at once: at most ${MAX_READ_OFFSETS}`);
  const found = new Map<bigint, StoredKeyLogRecord>();
  const ascending = [...new Set(offsets)].sort((a, b) => (a < b ? -1 : 1));
  const length = Math.max(minStretch, Math.ceil(ascending.length / maxStretches));
  const stretches: Promise<void>[] = [];
  for (let start = 0; start < ascending.length; start += length)
    stretches.push(readStretch(link, partition, ascending.slice(start, start + length), found));
  await Promise.all(stretches);
  return offsets.map((offset) => found.get(offset) ?? null);
}

async function readStretch(
  link: KeyTopicLink,
  partition: number,
  ascending: readonly bigint[],
  found: Map<bigint, StoredKeyLogRecord>,
): Promise<void> {
  const only = new Set(ascending);
  let at = 0;
  for (let offset = ascending[at]; offset !== undefined; offset = ascending[at]) {
    const answer = await link.look(partition, offset, { maxBytes: lookBytes(ascending, at), only });
    for (const record of answer.records) found.set(record.offset, copy(record));
    if (answer.nextOffset <= offset) {
      if (answer.isThrottled) throw throttled();
      return; // nothing stands here, and nothing behind it
    }
    while ((ascending[at] ?? answer.nextOffset) < answer.nextOffset) at += 1;
  }
}

/** Enough for the offset at `at` and for those behind it that follow closely. */
function lookBytes(ascending: readonly bigint[], at: number): number {
  const first = ascending[at] ?? 0n;
  let last = first;
  for (let next = at + 1; next < ascending.length; next++) {
    const offset = ascending[next] ?? last;
    if (offset - last > neighbours) break;
    last = offset;
  }
  return Math.max(minLookBytes, Math.min(maxLookBytes, (Number(last - first) + 1) * bytesAnOffset));
}

function copy({ key, value, ...place }: StoredKeyLogRecord): StoredKeyLogRecord {
  return { ...place, key: Uint8Array.from(key), value: value === null ? null : Uint8Array.from(value) };
}

function throttled(): KafkaClientError {
  return new KafkaClientError(
    'KEY_TOPIC_UNAVAILABLE',
    'Reading at the key topic was held back by a quota of the cluster: try again, and raise consumer_byte_rate of this client.',
    { retriable: true },
  );
}
