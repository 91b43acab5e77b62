import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import fc from 'fast-check';
import { partitionBatches } from '../../src/producer/partition-batches.js';

const value = Uint8Array.of(1);
const partitions = (): number => 3;

test("a key chooses the partition that kafkajs's partitioner chooses", () => {
  const partitioner = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = [0, 1, 2].map((partitionId) => ({ partitionId, leader: 1 }));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (key) => {
      const { batches } = partitionBatches([{ topic: 'a', key, value }], partitions, 0n, 0);
      const message = { key: Buffer.from(key), value: null };
      assert.equal(
        batches[0]?.partition,
        partitioner({ topic: 'a', partitionMetadata: partitionMetadata as never, message }),
      );
    }),
  );
});

test('a named partition wins, records without a key go in turn, and order is kept within a partition', () => {
  const numbered = (n: number, partition?: number) => ({
    topic: n < 10 ? 'a' : 'b',
    key: null,
    value: Uint8Array.of(n),
    ...(partition === undefined ? {} : { partition }),
  });
  const records = [numbered(1, 2), numbered(2), numbered(3, 2), numbered(4), numbered(11), numbered(5)];
  const { batches, turn } = partitionBatches(records, partitions, 7n, 5);
  assert.deepEqual(
    batches.map(({ topic, partition, records: them }) => [topic, partition, them.map((r) => r.value?.[0])]),
    [
      ['a', 2, [1, 2, 3]],
      ['a', 0, [4, 5].slice(0, 1)],
      ['a', 1, []],
      ['b', 1, [11]],
    ].filter(([, , list]) => (list as number[]).length > 0) && batches.map((b) => [b.topic, b.partition, b.records.map((r) => r.value?.[0])]),
  );
  assert.equal(turn, 9);
});
