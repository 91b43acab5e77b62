import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fittingSettings, type FittingQuestion, type TopicRole } from '../../src/index.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Configs = Readonly<Record<string, string>>;

interface Shape {
  readonly role?: TopicRole;
  readonly configs?: Configs;
  readonly broker?: Configs;
  readonly replicas?: readonly number[];
  readonly isr?: readonly number[];
  readonly question?: Partial<FittingQuestion>;
}

/** Kafka tells every setting of a topic, those that nobody set included. */
const defaults: Configs = {
  'cleanup.policy': 'delete',
  'segment.ms': String(7 * day),
  'retention.ms': String(7 * day),
  'file.delete.delay.ms': '60000',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '9223372036854775807',
  'min.cleanable.dirty.ratio': '0.5',
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.after.max.ms': '3600000',
  'min.insync.replicas': '1',
  'unclean.leader.election.enable': 'false',
  'delete.retention.ms': String(day),
};

function plan(shape: Shape) {
  const role = shape.role ?? 'personal data';
  const replicas = shape.replicas ?? [1];
  const isr = shape.isr ?? replicas;
  return fittingSettings(
    {
      description: {
        name: 't',
        partitions: [{ partition: 0, leader: 1, replicas, isr }],
        configs: { ...defaults, ...shape.configs },
      },
      brokers: [shape.broker ?? {}],
      inspection: null,
    },
    { role, deadlineMs: day, ...(role === 'key topic' && { use: { gapMs: 15_200 } }), ...shape.question },
  );
}

const changed = (shape: Shape): Record<string, string> =>
  Object.fromEntries(plan(shape).changes.map(({ name, to }) => [name, to]));

test('12 h and 20 h of retention get the segment.ms that fits into a day, and nothing else', () => {
  const retention = (hours: number) => ({ 'retention.ms': String(hours * hour) });
  assert.deepEqual(changed({ configs: retention(12) }), { 'segment.ms': String(10 * hour + 54 * minute) });
  assert.deepEqual(changed({ configs: retention(20) }), { 'segment.ms': String(2 * hour + 54 * minute) });
  const append = { 'message.timestamp.type': 'LogAppendTime' };
  assert.deepEqual(changed({ configs: { ...retention(20), ...append } }), {
    'segment.ms': String(3 * hour + 54 * minute),
  });
  const { before, after, changes } = plan({ configs: retention(12) });
  assert.deepEqual([before.verdict, after.verdict], ['refuse', 'warn']);
  assert.equal(after.worstCaseMs, day);
  assert.equal(changes[0]?.from, String(7 * day));
});

test('24 h of retention fits with nothing, and is not shortened until asked', () => {
  const { changes, after } = plan({ configs: { 'retention.ms': String(day) } });
  assert.deepEqual(changes, []);
  assert.equal(after.verdict, 'refuse');
  assert.match(after.reasons[0] ?? '', /retention\.ms may be at most/);
  const asked = plan({ configs: { 'retention.ms': String(day) }, question: { retentionMs: 12 * hour } });
  assert.deepEqual(
    asked.changes.map(({ name, to }) => [name, to]),
    [
      ['retention.ms', String(12 * hour)],
      ['segment.ms', String(10 * hour + 54 * minute)],
    ],
  );
  assert.equal(asked.after.worstCaseMs, day);
});

test('retention without end is not shortened either', () => {
  assert.deepEqual(changed({ configs: { 'retention.ms': '-1' } }), {});
  assert.deepEqual(changed({ configs: { 'retention.ms': '-1' }, question: { retentionMs: 12 * hour } }), {
    'retention.ms': String(12 * hour),
    'segment.ms': String(10 * hour + 54 * minute),
  });
});

test('retention that is shorter than asked stays', () => {
  const configs = { 'retention.ms': String(6 * hour), 'segment.ms': String(hour) };
  assert.deepEqual(changed({ configs, question: { retentionMs: 12 * hour } }), {});
});

test('a topic that passes is left alone, however small its segments are', () => {
  const configs = { 'retention.ms': String(22.8 * hour), 'segment.ms': '1000' };
  const { before, changes, after } = plan({ configs });
  assert.notEqual(before.verdict, 'refuse');
  assert.deepEqual(changes, []);
  assert.equal(after, before);
});

test("clients' clocks are given up where nothing else fits", () => {
  const tight = { 'retention.ms': String(23.5 * hour) };
  assert.deepEqual(changed({ configs: tight }), {
    'message.timestamp.type': 'LogAppendTime',
    'segment.ms': String(24 * minute),
  });
  const unbounded = {
    'retention.ms': String(12 * hour),
    'message.timestamp.after.max.ms': '9223372036854775807',
  };
  assert.deepEqual(changed({ configs: unbounded }), {
    'message.timestamp.type': 'LogAppendTime',
    'segment.ms': String(11 * hour + 54 * minute),
  });
});

test('no segment.ms is proposed that would make more than a thousand segments', () => {
  const { changes, after } = plan({ configs: { 'retention.ms': String(day - 6 * minute - 80_000) } });
  assert.deepEqual(changes, []);
  assert.equal(after.verdict, 'refuse');
});

test('the slowest of several brokers decides', () => {
  const { changes } = fittingSettings(
    {
      description: {
        name: 't',
        partitions: [{ partition: 0, leader: 1, replicas: [1, 2], isr: [1, 2] }],
        configs: { ...defaults, 'retention.ms': String(12 * hour) },
      },
      brokers: [{}, { 'log.retention.check.interval.ms': String(hour) }],
      inspection: null,
    },
    { role: 'personal data', deadlineMs: day },
  );
  assert.equal(changes[0]?.to, String(10 * hour + 54 * minute + 5 * minute - hour));
});

test('a key topic gets the settings of a key topic', () => {
  assert.deepEqual(changed({ role: 'key topic', replicas: [1, 2, 3] }), {
    'cleanup.policy': 'compact',
    'message.timestamp.type': 'LogAppendTime',
    'min.cleanable.dirty.ratio': '0',
    'segment.ms': '600000',
    'max.compaction.lag.ms': '600000',
    'min.insync.replicas': '2',
  });
  const { after } = plan({ role: 'key topic', replicas: [1, 2, 3] });
  assert.equal(after.verdict, 'ok', after.reasons.join('\n'));
});

test('a key topic that is set well keeps what it has', () => {
  const configs = {
    'cleanup.policy': 'compact',
    'segment.ms': String(hour),
    'max.compaction.lag.ms': String(2 * hour),
    'min.cleanable.dirty.ratio': '0.0',
    'message.timestamp.type': 'LogAppendTime',
  };
  assert.deepEqual(changed({ role: 'key topic', configs }), {});
  assert.deepEqual(changed({ role: 'key topic', configs, question: { deadlineMs: hour } }), {
    'segment.ms': '600000',
    'max.compaction.lag.ms': '600000',
  });
  const tight = changed({ role: 'key topic', configs, question: { deadlineMs: 2 * minute } });
  // 2 min less the pause between appends, the cleaner's own and the delay before unlinking.
  assert.equal(tight['segment.ms'], String(2 * minute - 15_200 - 15_000 - minute));
});

test('a key topic in an idle cluster is bounded by no setting, and the plan says so', () => {
  const { after } = plan({ role: 'key topic', question: { use: {} } });
  assert.equal(after.verdict, 'refuse');
  assert.match(after.reasons.join('\n'), /somebody must append/);
});

test('tombstones stay until every reader of a key topic has been back', () => {
  const question = { use: { gapMs: 15_200, readersLongestOutageMs: 3 * day } };
  assert.equal(changed({ role: 'key topic', question })['delete.retention.ms'], String(3 * day));
});

test('what no setting mends is said: a replica that is away', () => {
  const { changes, after } = plan({ role: 'key topic', replicas: [1, 2, 3], isr: [1] });
  assert.equal(changes.find(({ name }) => name === 'min.insync.replicas')?.to, '2');
  assert.equal(after.verdict, 'refuse');
  assert.match(after.reasons.join('\n'), /fewer replicas in sync/);
});

test('min.insync.replicas above the replicas there are comes down to what can be met', () => {
  const configs = {
    'retention.ms': String(12 * hour),
    'segment.ms': String(hour),
    'min.insync.replicas': '3',
  };
  assert.deepEqual(changed({ configs, replicas: [1, 2] }), { 'min.insync.replicas': '2' });
});

test('compacted personal data gets a maximal lag, unless that is below the minimal one', () => {
  const configs = { 'cleanup.policy': 'compact', 'message.timestamp.type': 'LogAppendTime' };
  const question = { use: { gapMs: 5 * minute } };
  const fits = String(day - 5 * minute - 15_000 - minute);
  assert.deepEqual(changed({ configs, question }), { 'max.compaction.lag.ms': fits });
  const slow = { ...configs, 'min.compaction.lag.ms': String(20 * hour) };
  assert.deepEqual(changed({ configs: slow, question }), {});
});

test('bad times are refused by name', () => {
  for (const [name, question] of [
    ['deadlineMs', { deadlineMs: -1 }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['deadlineMs', { deadlineMs: Number.NaN }],
    ['retentionMs', { retentionMs: -1 }],
    ['gapMs', { use: { gapMs: -5 } }],
    ['readersLongestOutageMs', { use: { readersLongestOutageMs: 2 ** 53 } }],
  ] as const)
    assert.throws(() => plan({ question }), { code: 'GUARD_QUESTION_INVALID', message: new RegExp(name) });
});

test('whatever the settings, a plan that is followed passes or says why not, and leaves nothing more to change', () => {
  const ms = (most: number) => fc.integer({ min: 1, max: most }).map(String);
  fc.assert(
    fc.property(
      fc.record({
        'retention.ms': ms(2 * day),
        'segment.ms': ms(8 * day),
        'message.timestamp.after.max.ms': ms(day),
        'message.timestamp.type': fc.constantFrom('CreateTime', 'LogAppendTime'),
        'cleanup.policy': fc.constantFrom('delete', 'compact', 'compact,delete'),
        'max.compaction.lag.ms': ms(8 * day),
        'min.cleanable.dirty.ratio': fc.constantFrom('0', '0.5'),
      }),
      fc.constantFrom<TopicRole>('personal data', 'key topic'),
      fc.integer({ min: minute, max: 3 * day }),
      (configs, role, deadlineMs) => {
        const question = { deadlineMs, use: { gapMs: 15_200 } };
        const { changes, after, before } = plan({ configs, role, question });
        const standing = { ...configs, ...Object.fromEntries(changes.map(({ name, to }) => [name, to])) };
        const again = plan({ configs: standing, role, question });
        assert.deepEqual(again.changes, []);
        assert.deepEqual(again.before.verdict, after.verdict);
        if (before.verdict !== 'refuse') assert.notEqual(after.verdict, 'refuse');
        if (after.verdict === 'refuse') assert.ok(after.reasons.length > 0);
        else assert.ok((after.worstCaseMs ?? Number.POSITIVE_INFINITY) <= deadlineMs);
      },
    ),
    { seed: 7, numRuns: 300 },
  );
});
