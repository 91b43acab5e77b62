import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeGroupRecord, encodeGroupRecord, type GroupRecord } from '../../src/groups/group-records.js';
import { partitionOf } from '../../src/groups/offsets-log.js';

const int32 = fc.integer({ min: -1, max: 0x7fffffff });
const int64 = fc.bigInt({ min: -1n, max: 2n ** 63n - 1n });
const bytes = fc.uint8Array({ maxLength: 20 });
const text = fc.string({ maxLength: 20 });
const nullableText = fc.option(text);
const offset = fc.record({ offset: int64, leaderEpoch: int32, metadata: text, commitTimestamp: int64 });
const member = fc.record({
  memberId: text,
  instanceId: nullableText,
  clientId: text,
  clientHost: text,
  rebalanceTimeoutMs: fc.nat(),
  sessionTimeoutMs: fc.nat(),
  subscription: bytes,
  assignment: bytes,
});
const group = fc.record({
  protocolType: text,
  generation: int32,
  protocol: nullableText,
  leader: nullableText,
  stateSince: int64,
  members: fc.array(member, { maxLength: 3 }),
});
const record: fc.Arbitrary<GroupRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('offset' as const),
    groupId: text,
    topic: text,
    partition: int32,
    value: fc.option(offset),
  }),
  fc.record({ kind: fc.constant('group' as const), groupId: text, value: fc.option(group) }),
);

test('what is stored is read back', () => {
  fc.assert(
    fc.property(record, (stored) => {
      const { key, value } = encodeGroupRecord(stored, 1n);
      assert.ok(key !== null);
      const plain = (input: unknown): string =>
        JSON.stringify(input, (_name, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
      assert.equal(plain(decodeGroupRecord(key, value)), plain(stored));
    }),
  );
});

// Read out of a log that Kafka 4.1.1's DumpLogSegments --offsets-decoder understands as these values.
test('an offset has the bytes Kafka reads', () => {
  const { key, value } = encodeGroupRecord(
    {
      kind: 'offset',
      groupId: 'pg',
      topic: 'perf',
      partition: 1,
      value: { offset: 144_680n, leaderEpoch: 0, metadata: '', commitTimestamp: 1_795_377_457_250n },
    },
    0n,
  );
  assert.equal(Buffer.from(key ?? []).toString('hex'), '0001000270670004706572660000' + '0001');
  assert.equal(
    Buffer.from(value ?? []).toString('hex'),
    '0003' +
      '0000000000023528' +
      '00000000' +
      '0000' +
      BigInt(1_795_377_457_250).toString(16).padStart(16, '0'),
  );
});

test('a key of another protocol is left alone', () => {
  assert.equal(decodeGroupRecord(Buffer.from([0, 3, 0, 1, 97]), null), null);
});

// From Kafka's Utils.abs(String.hashCode()) % partitions.
test('a group has the partition Kafka gives it', () => {
  assert.equal(partitionOf('pg', 50), 3575 % 50);
  assert.equal(partitionOf('polygenelubricants', 50), 0); // its hash code is the one without a positive twin
});
