import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTopic, checkTopics, type TopicRole, type TopicUse } from '../../src/index.js';

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

interface Shape {
  readonly role?: TopicRole;
  readonly configs?: Record<string, string>;
  readonly broker?: Record<string, string>;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly use?: TopicUse;
}

function judge(shape: Shape) {
  const role = shape.role ?? 'key topic';
  const replicas = shape.replicas ?? [1];
  return checkTopic(
    {
      name: 't',
      partitions: [{ partition: 0, leader: 1, replicas, isr: shape.isr ?? replicas }],
      configs: { ...(role === 'key topic' ? keyConfigs : dataConfigs), ...shape.configs },
    },
    shape.broker ?? {},
    day,
    role,
    shape.use ?? { gapMs: 60_000 },
  );
}

test('well-set topics pass', () => {
  assert.deepEqual(judge({}).reasons, []);
  assert.equal(judge({}).verdict, 'ok');
  assert.equal(judge({ role: 'personal data' }).verdict, 'ok');
});

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
  ["clients' timestamps", { configs: { 'message.timestamp.type': 'CreateTime' } }, /Prefer LogAppendTime/],
  ['transactions', { use: { gapMs: 60_000, openTransactions: true } }, /open transaction/],
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

test('a topic made with all defaults is refused against a day and says why', () => {
  const { verdict, reasons, worstCaseMs } = checkTopic(
    { name: 't', partitions: [], configs: {} },
    {},
    day,
    'personal data',
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
  const verdicts = await checkTopics(
    admin,
    ['keys', 'events'],
    day,
    (topic) => (topic === 'keys' ? 'key topic' : 'personal data'),
    () => ({ gapMs: 60_000 }),
  );
  assert.deepEqual(
    verdicts.map(({ topic, role, verdict, worstCaseMs }) => ({ topic, role, verdict, worstCaseMs })),
    [
      { topic: 'keys', role: 'key topic', verdict: 'ok', worstCaseMs: 600_000 + 60_000 + 500 + 60_000 },
      { topic: 'events', role: 'personal data', verdict: 'ok', worstCaseMs: 47_160_000 },
    ],
  );
});
