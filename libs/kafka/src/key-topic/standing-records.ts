import type { StoredKeyLogRecord } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import { askPatiently } from '../admin/patience.js';
import { KafkaClientError } from '../errors.js';
import type { FetchedPartition, KeyTopicLink } from './link.js';

/** Of one answer. */
const answerBytes = 1024 * 1024;

/**
 * What stands in a partition, from its start to the high watermark at the time of the call at least. A broker that does not
 * answer is asked again for a while; throws `KEY_TOPIC_UNAVAILABLE` (retriable) then.
 */
export async function* standingRecords(
  around: { readonly link: KeyTopicLink; readonly clock: Clock; readonly signal: AbortSignal },
  partition: number,
): AsyncGenerator<StoredKeyLogRecord, void, undefined> {
  const { link, clock, signal } = around;
  const ends = await askPatiently(clock, signal, () => link.highWatermarks([partition]));
  const end = ends.get(partition) ?? 0n;
  let position = 0n;
  while (position < end) {
    const from = position;
    const answer = await askPatiently(clock, signal, async () => {
      const look = await link.look(partition, from, { maxBytes: answerBytes, signal });
      assertComplete(look, from, end);
      return look;
    });
    yield* answer.records;
    // Cleaning left nothing behind here.
    if (answer.nextOffset <= position) return;
    position = answer.nextOffset;
  }
}

/** An answer without records says nothing where a quota emptied it, or where a new leader does not know the log's end yet. */
function assertComplete(look: FetchedPartition, position: bigint, end: bigint): void {
  if (look.nextOffset > position || (!look.isThrottled && look.highWatermark >= end)) return;
  throw new KafkaClientError(
    'KEY_TOPIC_UNAVAILABLE',
    'The key topic was not given to its end: check that its brokers are up and that no quota holds this client back, then try again.',
    { retriable: true },
  );
}
