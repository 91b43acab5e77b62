import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { userPartitioner } from '../../src/producer/user-partitioner.js';

const partitions = 10;
const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 0,
  replicas: [0],
  isr: [0],
}));
const choose = userPartitioner();
const chosen = (key: string, partition?: number): number =>
  choose({
    topic: 't',
    partitionMetadata,
    message: { key: Buffer.from(key), value: null, ...(partition === undefined ? {} : { partition }) },
  });
const usual = kafkajs.Partitioners.DefaultPartitioner();
const whole = (key: string): number =>
  usual({ topic: 't', partitionMetadata, message: { key: Buffer.from(key), value: null } });

/** murmur2 as Kafka's own test has it (UtilsTest.testMurmur2 of 4.1.1). */
const murmur2: readonly (readonly [key: string, hash: number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
];

test('a key goes where Java’s producer sends it', () => {
  for (const [key, hash] of murmur2) assert.equal(chosen(key), (hash & 0x7fffffff) % partitions, key);
});

test('all records of a user go to the partition of the pseudonym', () => {
  const seen = new Set<number>();
  for (let user = 0; user < 50; user++) {
    const userRef = (user * 7919).toString(16).padStart(32, 'a');
    seen.add(chosen(userRef));
    assert.equal(chosen(userRef), whole(userRef));
    for (const rest of ['#1#00000000000000000000000000000000', '#2#ffffffffffffffffffffffffffffffff', '#'])
      assert.equal(chosen(userRef + rest), whole(userRef));
  }
  assert.ok(seen.size > 5);
});

test('what is no pseudonym before the first # counts whole', () => {
  for (let index = 0; index < 20; index++) {
    const rest = `#1#${index.toString(16).padStart(32, '0')}`;
    for (const key of [
      `${'A'.repeat(32)}${rest}`,
      `${'g'.repeat(32)}${rest}`,
      `${'a'.repeat(31)}${rest}`,
      rest,
    ])
      assert.equal(chosen(key), whole(key));
  }
});

test('a partition that was given stays', () => {
  assert.equal(chosen(`${'a'.repeat(32)}#1#${'b'.repeat(32)}`, 3), 3);
});
