import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { guardBound, PrivacyError, type BoundQuestion, type Verdict } from '../../src/index.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const logAppend = { 'message.timestamp.type': 'LogAppendTime' };
const oneHour = { 'segment.ms': String(hour), 'max.compaction.lag.ms': String(hour) };

interface Vector {
  readonly name: string;
  readonly question: BoundQuestion;
  readonly worstCaseMs: number | null;
  readonly tombstoneWorstCaseMs?: number;
  readonly verdict: Verdict;
}

/** Worst cases that were computed and tried on live Kafka 4.1.1 brokers, apart from this code. */
const vectors: readonly Vector[] = [
  {
    name: 'D1 delete, defaults',
    question: { policy: 'delete' },
    worstCaseMs: 1_213_560_000,
    verdict: 'warn',
  },
  {
    name: 'D2 R=12h',
    question: { policy: 'delete', settings: { 'retention.ms': String(12 * hour) } },
    worstCaseMs: 651_960_000,
    verdict: 'warn',
  },
  {
    name: 'D3 R=12h, S=1h, LogAppendTime',
    question: {
      policy: 'delete',
      settings: { 'retention.ms': String(12 * hour), 'segment.ms': String(hour), ...logAppend },
    },
    worstCaseMs: 47_160_000,
    verdict: 'ok',
  },
  {
    name: 'D4 R=20h, S=1h',
    question: {
      policy: 'delete',
      settings: { 'retention.ms': String(20 * hour), 'segment.ms': String(hour) },
    },
    worstCaseMs: 79_560_000,
    verdict: 'warn',
  },
  {
    name: 'D5 R=24h, S=1ms, LogAppendTime',
    question: {
      policy: 'delete',
      settings: { 'retention.ms': String(day), 'segment.ms': '1', ...logAppend },
    },
    worstCaseMs: 86_760_001,
    verdict: 'ok',
  },
  {
    name: 'D6 R=-1',
    question: { policy: 'delete', settings: { 'retention.ms': '-1' } },
    worstCaseMs: null,
    verdict: 'refuse',
  },
  {
    name: 'D6 R=-1 with bytes',
    question: { policy: 'delete', settings: { 'retention.ms': '-1', 'retention.bytes': '1000000' } },
    worstCaseMs: null,
    verdict: 'refuse',
  },
  {
    name: 'D7 R=12h, A=Long.MAX',
    question: {
      policy: 'delete',
      settings: {
        'retention.ms': String(12 * hour),
        'message.timestamp.after.max.ms': '9223372036854775807',
      },
    },
    worstCaseMs: null,
    verdict: 'refuse',
  },
  {
    name: 'K1 compact, defaults, G=5m',
    question: { policy: 'compact', gapMs: 5 * minute },
    worstCaseMs: null,
    verdict: 'refuse',
  },
  {
    name: 'K2 S=M=1h, LogAppendTime, idle',
    question: { policy: 'compact', settings: { ...oneHour, ...logAppend } },
    worstCaseMs: null,
    verdict: 'refuse',
  },
  {
    name: 'K3 S=M=1h, LogAppendTime, G=5m',
    question: { policy: 'compact', settings: { ...oneHour, ...logAppend }, gapMs: 5 * minute },
    worstCaseMs: 3_975_000,
    tombstoneWorstCaseMs: 94_290_000,
    verdict: 'ok',
  },
  {
    name: 'K4 M=6h, LogAppendTime, G=10m',
    question: {
      policy: 'compact',
      settings: { 'max.compaction.lag.ms': String(6 * hour), ...logAppend },
      gapMs: 10 * minute,
    },
    worstCaseMs: 22_275_000,
    verdict: 'ok',
  },
  {
    name: 'K5 S=1h, M=12h, LogAppendTime, G=5m',
    question: {
      policy: 'compact',
      settings: { 'segment.ms': String(hour), 'max.compaction.lag.ms': String(12 * hour), ...logAppend },
      gapMs: 5 * minute,
    },
    worstCaseMs: 43_275_000,
    verdict: 'ok',
  },
  {
    name: 'K6 K5 with ratio 0',
    question: {
      policy: 'compact',
      settings: {
        'segment.ms': String(hour),
        'max.compaction.lag.ms': String(12 * hour),
        'min.cleanable.dirty.ratio': '0',
        ...logAppend,
      },
      gapMs: 5 * minute,
    },
    worstCaseMs: 3_975_000,
    verdict: 'ok',
  },
  {
    name: 'K7 K3 with CreateTime',
    question: { policy: 'compact', settings: oneHour, gapMs: 5 * minute },
    worstCaseMs: 7_575_000,
    tombstoneWorstCaseMs: 101_490_000,
    verdict: 'warn',
  },
  {
    name: 'K8 K3 with transactions',
    question: {
      policy: 'compact',
      settings: { ...oneHour, ...logAppend },
      gapMs: 5 * minute,
      openTransactions: true,
    },
    worstCaseMs: 4_885_000,
    verdict: 'warn',
  },
  {
    name: 'K9 S=1h, m=6h, M=24h, ratio 0, LogAppendTime, G=5m',
    question: {
      policy: 'compact',
      settings: {
        'segment.ms': String(hour),
        'min.compaction.lag.ms': String(6 * hour),
        'max.compaction.lag.ms': String(day),
        'min.cleanable.dirty.ratio': '0',
        ...logAppend,
      },
      gapMs: 5 * minute,
    },
    worstCaseMs: 25_275_000,
    verdict: 'ok',
  },
  {
    name: 'K10 ratio 0, M unbounded, S=7d, LogAppendTime, G=5m',
    question: {
      policy: 'compact',
      settings: { 'min.cleanable.dirty.ratio': '0', ...logAppend },
      gapMs: 5 * minute,
    },
    worstCaseMs: 605_175_000,
    verdict: 'ok',
  },
];

for (const vector of vectors) {
  test(`guard bound: ${vector.name}`, () => {
    const result = guardBound(vector.question);
    assert.equal(result.worstCaseMs, vector.worstCaseMs);
    assert.equal(result.verdict, vector.verdict, result.reasons.join('\n'));
    if (vector.tombstoneWorstCaseMs !== undefined)
      assert.equal(result.tombstoneWorstCaseMs, vector.tombstoneWorstCaseMs);
    assert.equal(result.reasons.length > 0, vector.verdict !== 'ok');
  });
}

test('the terms add up to the worst case, and a missing bound shows as a term without one', () => {
  for (const { question } of vectors) {
    const { terms, worstCaseMs } = guardBound(question);
    const sum = terms.reduce<number | null>(
      (total, { ms }) => (total === null || ms === null ? null : total + ms),
      0,
    );
    assert.equal(sum, worstCaseMs);
    for (const { name, setting } of terms) assert.ok(name.length > 0 && setting.length > 0);
  }
});

test('an unbounded answer survives JSON as null', () => {
  const parsed: unknown = JSON.parse(
    JSON.stringify(guardBound({ policy: 'delete', settings: { 'retention.ms': '-1' } })),
  );
  assert.ok(parsed !== null && typeof parsed === 'object' && 'worstCaseMs' in parsed);
  assert.equal(parsed.worstCaseMs, null);
});

test('delete within 24 h: 12 h and 20 h of retention pass only up to a segment.ms that the refusal names', () => {
  const cases = [
    { retention: 12 * hour, append: false, fits: 10 * hour + 54 * minute },
    { retention: 12 * hour, append: true, fits: 11 * hour + 54 * minute },
    { retention: 20 * hour, append: false, fits: 2 * hour + 54 * minute },
    { retention: 20 * hour, append: true, fits: 3 * hour + 54 * minute },
  ];
  for (const { retention, append, fits } of cases) {
    const judge = (segmentMs: number) =>
      guardBound({
        policy: 'delete',
        settings: {
          'retention.ms': String(retention),
          'segment.ms': String(segmentMs),
          ...(append ? logAppend : {}),
        },
        deadlineMs: day,
      });
    assert.notEqual(judge(fits).verdict, 'refuse');
    const refused = judge(fits + 1);
    assert.equal(refused.verdict, 'refuse');
    assert.match(refused.reasons[0] ?? '', new RegExp(`largest segment\\.ms that passes is ${fits} `));
    assert.equal(judge(7 * day).verdict, 'refuse');
  }
});

test('delete within 24 h: 24 h of retention passes with no segment.ms, and the refusal says what would', () => {
  for (const segmentMs of [1, 60_000, 7 * day]) {
    const result = guardBound({
      policy: 'delete',
      settings: { 'retention.ms': String(day), 'segment.ms': String(segmentMs), ...logAppend },
      deadlineMs: day,
    });
    assert.equal(result.verdict, 'refuse');
    assert.match(result.reasons[0] ?? '', /no segment\.ms passes.*retention\.ms may be at most 86039999 /);
  }
});

test('the largest segment.ms named is exactly the border, whatever the settings', () => {
  const ms = fc.integer({ min: 1, max: 30 * day });
  fc.assert(
    fc.property(ms, ms, ms, fc.boolean(), (retention, deadlineMs, ahead, append) => {
      const judge = (segmentMs: number) =>
        guardBound({
          policy: 'delete',
          deadlineMs,
          settings: {
            'retention.ms': String(retention),
            'segment.ms': String(segmentMs),
            'message.timestamp.after.max.ms': String(ahead),
            ...(append ? logAppend : {}),
          },
        });
      const refused = judge(365 * day);
      const named = /largest segment\.ms that passes is (\d+) /.exec(refused.reasons[0] ?? '')?.[1];
      assert.equal(refused.verdict, 'refuse');
      if (named === undefined) assert.equal(judge(1).verdict, 'refuse');
      else {
        assert.notEqual(judge(Number(named)).verdict, 'refuse');
        assert.equal(judge(Number(named) + 1).verdict, 'refuse');
      }
    }),
  );
});

test('compact within a deadline: the refusal names what segment.ms and max.compaction.lag.ms may be', () => {
  const judge = (lagMs: number) =>
    guardBound({
      policy: 'compact',
      settings: { 'segment.ms': String(lagMs), 'max.compaction.lag.ms': String(lagMs), ...logAppend },
      gapMs: 5 * minute,
      deadlineMs: hour,
    });
  const fits = hour - 5 * minute - 15_000 - minute;
  assert.match(judge(hour).reasons[0] ?? '', new RegExp(`at most ${fits} `));
  assert.equal(judge(fits).verdict, 'ok');
  assert.equal(judge(fits + 1).verdict, 'refuse');
});

test("the broker's names stand in where the topic has none", () => {
  const settings = {
    'log.retention.hours': '12',
    'log.roll.hours': '1',
    'log.message.timestamp.type': 'LogAppendTime',
  };
  assert.equal(guardBound({ policy: 'delete', settings }).worstCaseMs, 47_160_000);
});

test('bad times in a question are refused by name', () => {
  for (const [name, times] of [
    ['deadlineMs', { deadlineMs: -1 }],
    ['deadlineMs', { deadlineMs: 1.5 }],
    ['deadlineMs', { deadlineMs: 2 ** 53 }],
    ['gapMs', { gapMs: -1 }],
    ['gapMs', { gapMs: Number.NaN }],
    ['queueMs', { queueMs: Number.POSITIVE_INFINITY }],
  ] as const)
    assert.throws(() => guardBound({ policy: 'compact', ...times }), {
      code: 'GUARD_QUESTION_INVALID',
      message: new RegExp(`^${name}=`),
    });
});

test('terms that a double cannot add up exactly are no bound', () => {
  const settings = { 'retention.ms': '9007199254740990', 'segment.ms': '9007199254740990' };
  assert.equal(guardBound({ policy: 'delete', settings }).worstCaseMs, null);
});

test('bad settings are refused by name', () => {
  const code = (settings: Record<string, string>) => {
    try {
      guardBound({ policy: 'delete', settings });
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof PrivacyError);
      for (const name of Object.keys(settings)) assert.match(error.message, new RegExp(name));
      return error.code;
    }
  };
  assert.equal(code({ 'segment.ms': '-1' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'retention.ms': '-2' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'retention.ms': '9223372036854775807' }), 'accepted');
  assert.equal(code({ 'retention.ms': '9223372036854775808' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'log.retention.hours': '2147483648' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'retention.ms': '1e9' }), 'GUARD_SETTING_INVALID');
  const lags = { 'min.compaction.lag.ms': '3600001', 'max.compaction.lag.ms': '3600000' };
  assert.equal(code(lags), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'retention.msec': '1' }), 'GUARD_SETTING_UNKNOWN');
  assert.equal(code({ 'retention.ms': '12h' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'segment.ms': '0' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'min.cleanable.dirty.ratio': '1.5' }), 'GUARD_SETTING_INVALID');
  assert.equal(code({ 'message.timestamp.type': 'Whenever' }), 'GUARD_SETTING_INVALID');
});
