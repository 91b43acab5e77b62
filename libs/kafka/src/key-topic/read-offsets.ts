import { MAX_READ_OFFSETS, type StoredKeyLogRecord } from '@oubliette/keyring';
import { KafkaClientError } from '../errors.js';
import type { KeyTopicLink } from './link.js';

/** Offsets that stand no further apart than this are looked up together. */
const neighbours = 128n;
/** Of one answer; a key record takes about 165 bytes of a batch. */
const bytesAnOffset = 200;
const minLookBytes = 1024;
const maxLookBytes = 64 * 1024;
/** Answers on their way at the same time. */
const maxLooks = 8;

/**
 * The records at `offsets`, in their order, copied; null where none stands. Looks up neighbours together, 64 KiB a time.
 * Rejects with a `RangeError` above `MAX_READ_OFFSETS`, with `KEY_TOPIC_UNAVAILABLE` (retriable) when brokers do not answer.
 */
export async function readOffsets(
  link: KeyTopicLink,
  partition: number,
  offsets: readonly bigint[],
): Promise<readonly (StoredKeyLogRecord | null)[]> {
  if (offsets.length > MAX_READ_OFFSETS)
    throw new RangeError(`${offsets.length} offsets at once: at most ${MAX_READ_OFFSETS}`);
  const found = new Map<bigint, StoredKeyLogRecord>();
  const runs = runsOf(offsets);
  const readRuns = async (): Promise<void> => {
    for (let run = runs.pop(); run !== undefined; run = runs.pop())
      await readRun(link, partition, run, found);
  };
  await Promise.all(Array.from({ length: Math.min(maxLooks, runs.length) }, readRuns));
  return offsets.map((offset) => found.get(offset) ?? null);
}

/** Ascending and each once, cut where the next stands too far away. */
function runsOf(offsets: readonly bigint[]): bigint[][] {
  const ascending = [...new Set(offsets)].sort((a, b) => (a < b ? -1 : 1));
  const runs: bigint[][] = [];
  let last: bigint | null = null;
  for (const offset of ascending) {
    if (last === null || offset - last > neighbours) runs.push([]);
    runs.at(-1)?.push(offset);
    last = offset;
  }
  return runs;
}

async function readRun(
  link: KeyTopicLink,
  partition: number,
  run: readonly bigint[],
  found: Map<bigint, StoredKeyLogRecord>,
): Promise<void> {
  const wanted = new Set(run);
  const end = (run.at(-1) ?? 0n) + 1n;
  let at = 0;
  for (let offset = run[at]; offset !== undefined; offset = run[at]) {
    const bytes = Math.max(minLookBytes, Math.min(maxLookBytes, Number(end - offset) * bytesAnOffset));
    const answer = await link.look(partition, offset, { maxBytes: bytes });
    for (const record of answer.records)
      if (wanted.has(record.offset)) found.set(record.offset, copy(record));
    if (answer.nextOffset <= offset) {
      if (answer.isThrottled) throw throttled();
      return; // nothing stands here, and nothing behind it
    }
    while ((run[at] ?? answer.nextOffset) < answer.nextOffset) at += 1;
  }
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
