import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogInspection, TransactionalProducers } from '@oubliette/kafka';
import { checkTopics, judgeSight, type TopicRole, type TopicUse } from '../../src/index.js';
import { strayDirectories } from '../../src/guard/stray-directories.js';

const hour = 3_600_000;
const day = 24 * hour;

const keyConfigs = {
  'cleanup.policy': 'compact',
  'segment.ms': '600000',
  'max.compaction.lag.ms': '600000',
  'min.cleanable.dirty.ratio': '0',
  'message.timestamp.type': 'LogAppendTime',
};
const dataConfigs = {
  'cleanup.policy': 'delete',
  'retention.ms': String(12 * hour),
  'segment.ms': String(hour),
  'message.timestamp.type': 'LogAppendTime',
};

/** Of a cluster that has nothing to say. */
const quiet: LogInspection = {
  at: 1_000_000_000,
  brokers: [],
  copies: [],
  transactionalProducers: [],
  unseen: [],
};

interface Shape {
  readonly role?: TopicRole;
  readonly configs?: Record<string, string>;
  readonly broker?: Record<string, string>;
  readonly brokers?: readonly Record<string, string>[];
  readonly inspection?: Partial<LogInspection>;
  readonly leader?: number;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly use?: TopicUse;
}

function judge(shape: Shape) {
  const role = shape.role ?? 'key topic';
  const replicas = shape.replicas ?? [1];
  return judgeSight(
    {
      description: {
        name: 't',
        partitions: [{ partition: 0, leader: shape.leader ?? 1, replicas, isr: shape.isr ?? replicas }],
        configs: { ...(role === 'key topic' ? keyConfigs : dataConfigs), ...shape.configs },
      },
      brokers: shape.brokers ?? [shape.broker ?? {}],
      inspection: shape.inspection === undefined ? null : { ...quiet, ...shape.inspection },
    },
    { role, deadlineMs: day, use: shape.use ?? { gapMs: 60_000 } },
  );
}

test('well-set topics pass', () => {
  assert.deepEqual(judge({}).reasons, []);
  assert.equal(judge({}).verdict, 'ok');
  assert.equal(judge({ role: 'personal data' }).verdict, 'ok');
});

function transactions(...openSince: readonly number[]): TransactionalProducers {
  const open = openSince.map((lastTimestampMs) => ({ producerId: 7n, startOffset: 3n, lastTimestampMs }));
  return { topic: 't', partition: 0, count: 1, open };
}

const refused: readonly [what: string, shape: Shape, because: RegExp][] = [
  [
    'a key topic that also deletes',
    { configs: { 'cleanup.policy': 'compact,delete' } },
    /deletes living keys/,
  ],
  ['a key topic that only deletes', { configs: { 'cleanup.policy': 'delete' } }, /deletes living keys/],
  [
    'a dirty ratio without a maximal lag',
    { configs: { 'min.cleanable.dirty.ratio': '0.5', 'max.compaction.lag.ms': '9223372036854775807' } },
    /wait for ever/,
  ],
  ['an idle key topic', { use: {} }, /somebody must append/],
  [
    'a bound beyond the deadline',
    { configs: { 'segment.ms': String(2 * day), 'max.compaction.lag.ms': String(2 * day) } },
    /deadline of 1 d/,
  ],
  ['the cleaner turned off', { broker: { 'log.cleaner.enable': 'false' } }, /nothing is ever cleaned/],
  ['a minimal lag above the maximal', { configs: { 'min.compaction.lag.ms': '600001' } }, /broker rejects/],
  ['retention by bytes only', { role: 'personal data', configs: { 'retention.ms': '-1' } }, /bounds no time/],
  [
    'timestamps without a limit',
    {
      role: 'personal data',
      configs: {
        'message.timestamp.type': 'CreateTime',
        'message.timestamp.after.max.ms': '9223372036854775807',
      },
    },
    /one record dated ahead/,
  ],
  [
    'timestamps without a limit on brokers before 3.6, which have one for both directions',
    {
      role: 'personal data',
      configs: {
        'message.timestamp.type': 'CreateTime',
        'message.timestamp.difference.max.ms': '9223372036854775807',
      },
    },
    /one record dated ahead/,
  ],
  [
    'too few replicas in sync',
    { replicas: [1, 2, 3], isr: [1], configs: { 'min.insync.replicas': '2' } },
    /high watermark/,
  ],
  [
    'more in-sync replicas asked than there are',
    { configs: { 'min.insync.replicas': '2' } },
    /high watermark/,
  ],
  ['one acknowledgement of three replicas', { replicas: [1, 2, 3] }, /lose a tombstone/],
  ['a partition that nobody leads', { leader: -1 }, /No broker leads partition 0/],
  [
    'the cleaner turned off on one broker of two',
    { brokers: [{}, { 'log.cleaner.enable': 'false' }] },
    /nothing is ever cleaned/,
  ],
  [
    'one slow cleaner of two',
    { brokers: [{}, { 'log.cleaner.backoff.ms': String(2 * day) }] },
    /deadline of 1 d/,
  ],
  [
    'a transaction that hangs',
    { inspection: { transactionalProducers: [transactions(1_000_000_000 - 910_001)] } },
    /A transaction hangs in partition 0.*kafka-transactions/,
  ],
  ['unclean elections', { configs: { 'unclean.leader.election.enable': 'true' } }, /bring a key back/],
  ['remote storage', { role: 'personal data', configs: { 'remote.storage.enable': 'true' } }, /second copy/],
  [
    'tombstones that go before every reader saw them',
    { use: { gapMs: 60_000, readersLongestOutageMs: 2 * day } },
    /miss a tombstone/,
  ],
];

for (const [what, shape, because] of refused) {
  test(`refused: ${what}`, () => {
    const { verdict, reasons } = judge(shape);
    assert.equal(verdict, 'refuse');
    assert.match(reasons.join('\n'), because);
  });
}

const warned: readonly [what: string, shape: Shape, because: RegExp][] = [
  [
    "clients' timestamps",
    { configs: { 'message.timestamp.type': 'CreateTime' } },
    /dated back.*Prefer LogAppendTime/,
  ],
  ['transactions', { use: { gapMs: 60_000, openTransactions: true } }, /open transaction/],
  [
    'a transaction that is open',
    { inspection: { transactionalProducers: [transactions(1_000_000_000 - 910_000)] } },
    /A transaction is open in partition 0/,
  ],
  [
    'a producer that wrote a transaction once',
    { inspection: { transactionalProducers: [transactions()] } },
    /transaction\.max\.timeout\.ms \(15 min\)/,
  ],
  [
    'logs that were put aside',
    { use: { gapMs: 60_000, directoryNames: ['t-0', 't-1.0123456789abcdef0123456789abcdef-stray'] } },
    /1 directories of this topic's logs were put aside \(t-1\.0123456789abcdef0123456789abcdef-stray\)/,
  ],
  [
    'a log on a broker that is no replica',
    { inspection: { copies: [{ nodeId: 4, path: '/d', topic: 't', partition: 0, isFuture: false }] } },
    /Broker 4 has a log of partition 0 without being a replica/,
  ],
  [
    'a log that is being moved',
    { inspection: { copies: [{ nodeId: 1, path: '/d', topic: 't', partition: 0, isFuture: true }] } },
    /two copies until then/,
  ],
  [
    'a broker that could not be asked',
    {
      replicas: [1, 2],
      configs: { 'min.insync.replicas': '2' },
      inspection: { brokers: [{ nodeId: 1, configs: {} }] },
    },
    /Broker 2 holds a replica and could not be asked/,
  ],
  [
    'a log directory that is offline',
    { inspection: { unseen: [{ what: 'the log directories', code: 'KAFKA_STORAGE_ERROR' }] } },
    /log directory of a broker is offline/,
  ],
  [
    'a replica out of sync',
    { replicas: [1, 2, 3], isr: [1, 2], configs: { 'min.insync.replicas': '2' } },
    /keeps its bytes/,
  ],
];

for (const [what, shape, because] of warned) {
  test(`warned: ${what}`, () => {
    const { verdict, reasons } = judge(shape);
    assert.equal(verdict, 'warn');
    assert.match(reasons.join('\n'), because);
  });
}

test('a topic with the defaults, where topics appear by themselves, is warned of and told why', () => {
  const configs = { 'segment.ms': String(7 * day), 'retention.ms': String(7 * day) };
  const broker = { 'auto.create.topics.enable': 'true' };
  const { reasons, notes, worstCaseMs } = judge({ role: 'personal data', configs, broker });
  assert.match(reasons.join('\n'), /made by accident/);
  assert.match(notes.join('\n'), /name that is mistyped/);
  assert.equal(worstCaseMs, 14 * day + 6 * 60_000);
  assert.deepEqual(judge({ role: 'personal data', broker }).notes, []);
});

test('what a cluster does not tell is a note', () => {
  const { verdict, notes } = judge({
    inspection: { unseen: [{ what: 'the log directories', code: 'CLUSTER_AUTHORIZATION_FAILED' }] },
  });
  assert.equal(verdict, 'ok');
  assert.match(notes.join('\n'), /do not tell the log directories \(CLUSTER_AUTHORIZATION_FAILED\)/);
});

test('other topics and other copies say nothing about this one', () => {
  const { verdict, reasons } = judge({
    use: { gapMs: 60_000, directoryNames: ['tt-0.0123456789abcdef0123456789abcdef-stray', 't-0.x-stray'] },
    inspection: {
      copies: [
        { nodeId: 1, path: '/d', topic: 't', partition: 0, isFuture: false },
        { nodeId: 4, path: '/d', topic: 'other', partition: 0, isFuture: true },
      ],
      transactionalProducers: [{ ...transactions(0), topic: 'other' }],
      brokers: [{ nodeId: 1, configs: {} }],
    },
  });
  assert.deepEqual([verdict, reasons], ['ok', []]);
});

test('the cut name of a long topic that was put aside is known', () => {
  const topic = 'x'.repeat(240);
  const cut = `${'x'.repeat(255 - '-0.0123456789abcdef0123456789abcdef-stray'.length)}-0.0123456789abcdef0123456789abcdef-stray`;
  assert.deepEqual(strayDirectories(topic, [cut, cut.slice(1)]), [cut]);
});

test('a transaction on personal data that is deleted by retention holds nothing up', () => {
  const { verdict } = judge({
    role: 'personal data',
    inspection: { transactionalProducers: [transactions(0)] },
  });
  assert.equal(verdict, 'ok');
});

test('a topic made with all defaults is refused against a day and says why', () => {
  const { verdict, reasons, worstCaseMs } = judgeSight(
    { description: { name: 't', partitions: [], configs: {} }, brokers: [{}], inspection: null },
    { role: 'personal data', deadlineMs: day },
  );
  assert.equal(worstCaseMs, 1_213_560_000);
  assert.equal(verdict, 'refuse');
  assert.match(reasons.join('\n'), /made by accident/);
});

test('compact,delete on personal data is bounded by retention, and by the cleaner where that is slower', () => {
  const shape: Shape = { role: 'personal data', configs: { 'cleanup.policy': 'compact,delete' } };
  assert.equal(judge(shape).worstCaseMs, 47_160_000);
  const slow = judge({ ...shape, broker: { 'log.cleaner.backoff.ms': '900000' } });
  assert.equal(slow.worstCaseMs, 47_160_000 + 600_000);
});

test('of several brokers the one on which bytes stay longest counts', () => {
  const slow = { 'log.cleaner.backoff.ms': '3600000' };
  for (const brokers of [
    [{}, slow],
    [slow, {}],
  ])
    assert.equal(judge({ brokers }).worstCaseMs, 600_000 + 60_000 + hour + 60_000);
});

test('three replicas that are all well pass, with a note', () => {
  const { verdict, notes } = judge({ replicas: [1, 2, 3], configs: { 'min.insync.replicas': '2' } });
  assert.equal(verdict, 'ok');
  assert.match(notes.join('\n'), /3 replicas cleans by itself/);
});

test("a live check reads topics and the broker's settings through an admin client", async () => {
  const admin = {
    describeTopics: (names: readonly string[]) =>
      Promise.resolve(
        names.map((name) => ({ name, partitions: [], configs: name === 'keys' ? keyConfigs : dataConfigs })),
      ),
    brokerConfigs: () => Promise.resolve({ 'log.cleaner.backoff.ms': '500' }),
  };
  const verdicts = await checkTopics(admin, ['keys', 'events'], (topic) => ({
    role: topic === 'keys' ? 'key topic' : 'personal data',
    deadlineMs: day,
    use: { gapMs: 60_000 },
  }));
  assert.deepEqual(
    verdicts.map(({ topic, role, verdict, worstCaseMs }) => ({ topic, role, verdict, worstCaseMs })),
    [
      { topic: 'keys', role: 'key topic', verdict: 'ok', worstCaseMs: 600_000 + 60_000 + 500 + 60_000 },
      { topic: 'events', role: 'personal data', verdict: 'ok', worstCaseMs: 47_160_000 },
    ],
  );
});
