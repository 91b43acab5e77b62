import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@oubliette/protocol';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { noRecords, type PartitionAnswer, type WantedPartition } from '../../src/handlers/fetch-partition.js';
import { FetchSessionCache } from '../../src/handlers/fetch-session-cache.js';
import { FetchSession, nextSessionEpoch } from '../../src/handlers/fetch-session.js';

const evictionMs = 120_000;

function wanted(partition: number, more: Partial<WantedPartition> = {}): WantedPartition {
  return {
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    topic: 'events',
    partition,
    fetchOffset: 0n,
    maxBytes: 100,
    leaderEpoch: -1,
    lastFetchedEpoch: -1,
    ...more,
  };
}

function answer(partition: number, more: Partial<PartitionAnswer> = {}): PartitionAnswer {
  return {
    wanted: wanted(partition),
    partitionIndex: partition,
    errorCode: ErrorCode.NONE,
    highWatermark: 5n,
    lastStableOffset: 5n,
    logStartOffset: 0n,
    abortedTransactions: null,
    records: noRecords,
    ...more,
  };
}

const answers = (count: number): PartitionAnswer[] => Array.from({ length: count }, (_, at) => answer(at));
const partitions = (list: readonly { partition: number }[]): number[] =>
  list.map(({ partition }) => partition);
const told = (list: readonly PartitionAnswer[]): number[] => list.map(({ partitionIndex }) => partitionIndex);

function newSession(count: number): FetchSession {
  const session = new FetchSession(1, false, 0, 0);
  for (const one of answers(count)) session.tell(one);
  return session;
}

/** What of the answers is news. */
const newsOf = (session: FetchSession, list: readonly PartitionAnswer[]): PartitionAnswer[] =>
  list.filter((one) => session.isNews(one));

test('a session answers what is new, once', () => {
  const session = newSession(3);
  assert.deepEqual(told(newsOf(session, answers(3))), []);
  const changed = [
    answer(0, { highWatermark: 6n }),
    answer(1, { logStartOffset: 2n }),
    answer(2, { records: new Uint8Array(9) }),
  ];
  assert.deepEqual(told(newsOf(session, changed)), [0, 1, 2]);
  const again = [answer(0, { highWatermark: 6n }), answer(1, { logStartOffset: 2n }), answer(2)];
  assert.deepEqual(told(newsOf(session, again)), []);
});

test('an error is answered each time, and what follows it', () => {
  const session = newSession(1);
  const failed = [
    answer(0, { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, highWatermark: -1n, logStartOffset: -1n }),
  ];
  assert.deepEqual(told(newsOf(session, failed)), [0]);
  assert.deepEqual(told(newsOf(session, failed)), [0]);
  assert.deepEqual(told(newsOf(session, answers(1))), [0]);
});

test('a partition that gave records waits behind the others', () => {
  const session = newSession(3);
  newsOf(session, [answer(0, { records: new Uint8Array(9) }), answer(1), answer(2)]);
  assert.deepEqual(partitions([...session.wanted()]), [1, 2, 0]);
});

test('changes come in place, new partitions last, forgotten ones go', () => {
  const session = newSession(2);
  for (const one of [wanted(5), wanted(0, { fetchOffset: 4n })]) session.want(one);
  session.forget(wanted(1));
  assert.deepEqual(partitions([...session.wanted()]), [0, 5]);
  assert.equal([...session.wanted()][0]?.fetchOffset, 4n);
  assert.deepEqual(
    told(newsOf(session, [answer(5, { wanted: wanted(5) })])),
    [5],
    'its client knows nothing of it yet',
  );
});

test('epochs go round without 0', () => {
  assert.deepEqual([nextSessionEpoch(1), nextSessionEpoch(0x7fffffff)], [2, 1]);
});

test('a full cache gives no session until one is old, or small and of some age', () => {
  const clock = new ManualClock();
  const cache = new FetchSessionCache(clock, new SeededEntropy(1), 2);
  const create = (count: number): number => {
    const session = cache.create(false, count);
    for (const one of session === null ? [] : answers(count)) session?.tell(one);
    return session?.id ?? 0;
  };
  const [small, large] = [create(2), create(4)];
  assert.ok(small > 0 && large > 0 && small !== large);
  assert.equal(create(9), 0);
  clock.advance(evictionMs);
  for (const id of [small, large]) {
    const session = cache.get(id);
    assert.ok(session !== undefined);
    cache.touch(session);
  }
  clock.advance(1);
  assert.equal(create(2), 0, 'not larger than the smallest');
  assert.ok(create(3) > 0);
  assert.deepEqual([cache.get(small), cache.size], [undefined, 2]);
  clock.advance(evictionMs + 1);
  assert.ok(create(1) > 0, 'in place of the longest unused');
  assert.equal(cache.get(large), undefined);
});

test('no slots, no sessions', () => {
  const cache = new FetchSessionCache(new ManualClock(), new SeededEntropy(1), 0);
  assert.equal(cache.create(true, 1), null);
});
