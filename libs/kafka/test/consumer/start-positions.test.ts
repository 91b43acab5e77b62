import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admin, Consumer } from 'kafkajs';
import { StartPositions, type Position } from '../../src/consumer/start-positions.js';
import { silentLogger } from '../../src/logger.js';

function admin(
  committed: Readonly<Record<string, string[]>>,
  ends: Readonly<Record<string, string[]>>,
): Admin {
  return {
    fetchOffsets: ({ topics }: { topics: string[] }) =>
      Promise.resolve(
        topics.map((topic) => ({
          topic,
          partitions: (committed[topic] ?? []).map((offset, partition) => ({ partition, offset })),
        })),
      ),
    fetchTopicOffsets: (topic: string) =>
      Promise.resolve(
        (ends[topic] ?? []).map((high, partition) => ({ partition, offset: high, high, low: '0' })),
      ),
  } as unknown as Admin;
}

function consumer(failing = false): { consumer: Consumer; seeks: Position[]; commits: Position[] } {
  const seeks: Position[] = [];
  const commits: Position[] = [];
  const fake = {
    seek: (position: Position) => seeks.push(position),
    commitOffsets: (positions: Position[]) =>
      failing ? Promise.reject(new Error('rebalancing')) : Promise.resolve(void commits.push(...positions)),
  };
  return { consumer: fake as unknown as Consumer, seeks, commits };
}

test('a new group begins at the end as it was before joining, and that is committed', async () => {
  const positions = new StartPositions('g', silentLogger);
  await positions.note(admin({ a: ['-1', '7', '-1'] }, { a: ['5', '9', '0'] }), ['a']);
  const joined = consumer();
  positions.commit(joined.consumer, positions.seek(joined.consumer, { a: [0, 1], b: [0] }));
  await positions.settled();
  assert.deepEqual(joined.seeks, [{ topic: 'a', partition: 0, offset: '5' }]);
  assert.deepEqual(joined.commits, joined.seeks);
  const again = consumer();
  assert.deepEqual(positions.seek(again.consumer, { a: [0, 1] }), [], 'once committed, the group knows');
  assert.deepEqual(positions.seek(again.consumer, { a: [2] }), [{ topic: 'a', partition: 2, offset: '0' }]);
});

test('what could not be committed is tried at the next join', async () => {
  const positions = new StartPositions('g', silentLogger);
  await positions.note(admin({ a: ['-1'] }, { a: ['5'] }), ['a']);
  const refused = consumer(true);
  positions.commit(refused.consumer, positions.seek(refused.consumer, { a: [0] }));
  await positions.settled();
  const next = consumer();
  positions.commit(next.consumer, positions.seek(next.consumer, { a: [0] }));
  await positions.settled();
  assert.deepEqual(next.commits, [{ topic: 'a', partition: 0, offset: '5' }]);
});

test("a handler's commit is never taken back", async () => {
  const positions = new StartPositions('g', silentLogger);
  await positions.note(admin({ a: ['-1'] }, { a: ['5'] }), ['a']);
  const joined = consumer();
  const found = positions.seek(joined.consumer, { a: [0] });
  positions.committed('a', 0);
  positions.commit(joined.consumer, found);
  await positions.settled();
  assert.deepEqual(joined.commits, []);
});
