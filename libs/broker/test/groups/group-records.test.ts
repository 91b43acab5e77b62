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
const kept = (leaderEpoch: fc.Arbitrary<number>, expireTimestamp: fc.Arbitrary<bigint>) =>
  fc.record({ offset: int64, leaderEpoch, metadata: text, commitTimestamp: int64, expireTimestamp });
// What says when it expires is stored in a version without an epoch.
const offset = fc.oneof(kept(int32, fc.constant(-1n)), kept(fc.constant(-1), int64));
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

// Read out of the __consumer_offsets of an Apache Kafka 4.1.1.
const fromKafka: readonly { what: string; record: GroupRecord; key: string; value: string }[] = [
  {
    what: 'a group nobody is in yet',
    record: {
      kind: 'group',
      groupId: 'g',
      value: {
        protocolType: '',
        generation: 0,
        protocol: null,
        leader: null,
        stateSince: 0x1a20649fc17n,
        members: [],
      },
    },
    key: '0002000167',
    value: '0003000000000000ffffffff000001a20649fc1700000000',
  },
  {
    what: 'an offset',
    record: {
      kind: 'offset',
      groupId: 'g',
      topic: 't',
      partition: 0,
      value: {
        offset: 1n,
        leaderEpoch: -1,
        metadata: '',
        commitTimestamp: 0x1a20649fcc1n,
        expireTimestamp: -1n,
      },
    },
    key: '000100016700017400000000',
    value: '00040000000000000001ffffffff01000001a20649fcc100',
  },
  {
    what: 'a group with a member',
    record: {
      kind: 'group',
      groupId: 'g',
      value: {
        protocolType: 'consumer',
        generation: 1,
        protocol: 'RoundRobinAssigner',
        leader: 'kafkajs-0a1608d0-0cf3-487f-8d9b-8912d03593ca',
        stateSince: 0x1a20649fc3dn,
        members: [
          {
            memberId: 'kafkajs-0a1608d0-0cf3-487f-8d9b-8912d03593ca',
            instanceId: null,
            clientId: 'kafkajs',
            clientHost: '/127.0.0.1',
            rebalanceTimeoutMs: 60_000,
            sessionTimeoutMs: 30_000,
            subscription: Buffer.from('00000000000100017400000000', 'hex'),
            assignment: Buffer.from('000000000001000174000000010000000000000000', 'hex'),
          },
        ],
      },
    },
    key: '0002000167',
    value:
      '00030008636f6e73756d6572000000010012526f756e64526f62696e41737369676e6572002c6b61666b616a732d30613136303864302d306366332d34383766' +
      '2d386439622d383931326430333539336361000001a20649fc3d00000001002c6b61666b616a732d30613136303864302d306366332d343837662d386439622d' +
      '383931326430333539336361ffff00076b61666b616a73000a2f3132372e302e302e310000ea60000075300000000d000000000001000174000000000000001500' +
      '0000000001000174000000010000000000000000',
  },
];
for (const { what, record: stored, key, value } of fromKafka) {
  test(`${what} has Kafka's bytes`, () => {
    const encoded = encodeGroupRecord(stored, 0n);
    assert.equal(Buffer.from(encoded.key ?? []).toString('hex'), key);
    assert.equal(Buffer.from(encoded.value ?? []).toString('hex'), value);
  });
}

test('an offset of an older version is read', () => {
  const value = '0003' + '0000000000023528' + '00000000' + '0000' + '000001a20649fcc1';
  const key = Buffer.from('000100016700017400000000', 'hex');
  assert.deepEqual(decodeGroupRecord(key, Buffer.from(value, 'hex')), {
    kind: 'offset',
    groupId: 'g',
    topic: 't',
    partition: 0,
    value: {
      offset: 144_680n,
      leaderEpoch: 0,
      metadata: '',
      commitTimestamp: 0x1a20649fcc1n,
      expireTimestamp: -1n,
    },
  });
});

test('a key of another protocol is left alone', () => {
  assert.equal(decodeGroupRecord(Buffer.from([0, 3, 0, 1, 97]), null), null);
});

// From Kafka's Utils.abs(String.hashCode()) % partitions.
test('a group has the partition Kafka gives it', () => {
  assert.equal(partitionOf('pg', 50), 3575 % 50);
  assert.equal(partitionOf('polygenelubricants', 50), 0); // its hash code is the one without a positive twin
});
