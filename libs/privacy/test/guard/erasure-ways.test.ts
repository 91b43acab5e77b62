import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fittingSettings, judgeSight, type ErasureWay, type TopicVerdict } from '../../src/index.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

type Configs = Readonly<Record<string, string>>;

const compacted: Configs = {
  'cleanup.policy': 'compact',
  'segment.ms': '600000',
  'max.compaction.lag.ms': '600000',
  'message.timestamp.type': 'LogAppendTime',
};
const expiring: Configs = {
  'cleanup.policy': 'delete',
  'retention.ms': String(12 * hour),
  'segment.ms': String(hour),
  'message.timestamp.type': 'LogAppendTime',
};
const sight = (configs: Configs) => ({
  description: { name: 't', partitions: [{ partition: 0, leader: 1, replicas: [1], isr: [1] }], configs },
  brokers: [{}],
  inspection: null,
});

function judge(erasure: ErasureWay, configs: Configs, deadlineMs: number | null = day): TopicVerdict {
  return judgeSight(sight(configs), { role: 'personal data', deadlineMs, erasure });
}

// Spacing: a tenth of the roll, here a minute; then roll, gap (50 ms and a spacing), cleaner, unlink.
const tombstoned = minute + 600_000 + (50 + minute) + 15_000 + minute;

const judged: readonly [
  what: string,
  way: ErasureWay,
  configs: Configs,
  deadlineMs: number | null,
  verdict: string,
  worstCaseMs: number | null,
  because: RegExp | null,
][] = [
  ['tombstones, compacted', 'tombstone', compacted, day, 'ok', tombstoned, null],
  ['tombstones, at the deadline', 'tombstone', compacted, tombstoned, 'ok', tombstoned, null],
  ['tombstones, a moment late', 'tombstone', compacted, tombstoned - 1, 'refuse', tombstoned, /at most \d+/],
  [
    'tombstones, where retention deletes too',
    'tombstone',
    { ...compacted, 'cleanup.policy': 'compact,delete', 'retention.ms': '-1' },
    day,
    'ok',
    tombstoned,
    null,
  ],
  [
    'tombstones, not compacted',
    'tombstone',
    expiring,
    null,
    'refuse',
    47_160_000,
    /Set cleanup.policy=compact/,
  ],
  [
    'tombstones, a dirty ratio without a maximal lag',
    'tombstone',
    { ...compacted, 'max.compaction.lag.ms': '9223372036854775807' },
    null,
    'refuse',
    null,
    /wait for ever/,
  ],
  ['expiry', 'expiry', expiring, day, 'ok', 47_160_000, null],
  ['expiry, any bound', 'expiry', expiring, null, 'ok', 47_160_000, null],
  ['expiry, too long kept', 'expiry', expiring, 12 * hour, 'refuse', 47_160_000, /longer than the deadline/],
  [
    'expiry, kept for ever',
    'expiry',
    { ...expiring, 'retention.ms': '-1' },
    null,
    'refuse',
    null,
    /bounds no time/,
  ],
  [
    'expiry, compacted only',
    'expiry',
    compacted,
    null,
    'refuse',
    null,
    /Set cleanup.policy=delete and retention.ms/,
  ],
  ['keys, compacted and idle', 'keys', compacted, null, 'refuse', null, /somebody must append/],
  ['keys, deleted', 'keys', expiring, day, 'ok', 47_160_000, null],
];

for (const [what, way, configs, deadlineMs, verdict, worstCaseMs, because] of judged)
  test(`judged by its way: ${what}`, () => {
    const result = judge(way, configs, deadlineMs);
    assert.deepEqual([result.verdict, result.worstCaseMs], [verdict, worstCaseMs], result.reasons.join('\n'));
    if (because !== null) assert.match(result.reasons.join('\n'), because);
    if (worstCaseMs !== null)
      assert.equal(
        result.terms.reduce((sum, { ms }) => sum + (ms ?? Number.NaN), 0),
        worstCaseMs,
      );
  });

test('a policy that ends no records in the declared way is the one thing that is said', () => {
  assert.equal(judge('tombstone', expiring).reasons.length, 1);
  assert.equal(judge('expiry', compacted).reasons.length, 1);
});

test('tombstones count what finding the records takes, and the key topic does not', () => {
  assert.deepEqual(judge('tombstone', compacted).terms[0], {
    name: 'records are found',
    setting: "the nudger's pace",
    ms: minute,
  });
  const asKeys = judgeSight(sight(compacted), {
    role: 'key topic',
    deadlineMs: day,
    erasure: 'tombstone',
    use: { gapMs: 50 + minute },
  });
  assert.equal(asKeys.worstCaseMs, tombstoned - minute);
});

test('what is set for tombstones is the largest that meets the deadline, the nudger’s pace with it', () => {
  const slow = { ...compacted, 'segment.ms': String(7 * day), 'max.compaction.lag.ms': String(7 * day) };
  for (const deadlineMs of [3 * minute, 10 * minute, day]) {
    const question = { role: 'personal data', deadlineMs, erasure: 'tombstone' } as const;
    const { changes, after } = fittingSettings(sight(slow), question);
    assert.deepEqual(
      changes.map(({ name }) => name),
      ['max.compaction.lag.ms'],
    );
    assert.equal(after.verdict, 'ok', after.reasons.join('\n'));
    const lagMs = Number(changes[0]?.to) + 1;
    assert.ok(
      Number(judge('tombstone', { ...slow, 'max.compaction.lag.ms': `${lagMs}` }).worstCaseMs) > deadlineMs,
    );
  }
});

test('the policy itself is never changed: compaction would take all but the last record of a key', () => {
  for (const [erasure, configs] of [
    ['tombstone', expiring],
    ['expiry', compacted],
  ] as const) {
    const { changes, after } = fittingSettings(sight(configs), {
      role: 'personal data',
      deadlineMs: day,
      erasure,
    });
    assert.deepEqual([changes, after.verdict], [[], 'refuse']);
  }
});
