import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oubliette } from './cli-harness.js';

test('plan partitions prints one JSON document', async () => {
  const { code, out, err } = await oubliette(
    'plan partitions --throughput 250 --producers 10 --per-producer 1 --consumers 12 --per-consumer 1 --json'.split(
      ' ',
    ),
  );
  assert.equal(code, 0);
  assert.equal(err, '');
  const plan: unknown = JSON.parse(out);
  assert.ok(plan !== null && typeof plan === 'object' && 'partitions' in plan);
  assert.equal(plan.partitions, 25);
});

test('common options may stand before the command and after it', async () => {
  const tail =
    'plan partitions --throughput 100 --producers 3 --per-producer 10 --consumers 5 --per-consumer 10'.split(
      ' ',
    );
  const before = await oubliette(['--json', ...tail]);
  const after = await oubliette([...tail, '--json']);
  assert.equal(before.code, 0);
  assert.deepEqual(before, after);
  assert.match(before.out, /"partitions": 4/);
});

test('guard bound answers with the figures of the formula, and durations may be written as such', async () => {
  const asked = ['guard', 'bound', '--policy', 'compact', '--gap', '5m', '--json'];
  const settings = ['segment.ms=1h', 'max.compaction.lag.ms=3600000', 'message.timestamp.type=LogAppendTime'];
  const { code, out } = await oubliette([...asked, ...settings.flatMap((text) => ['--set', text])]);
  assert.equal(code, 0);
  const { worstCaseMs, tombstoneWorstCaseMs, verdict } = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual(
    { worstCaseMs, tombstoneWorstCaseMs, verdict },
    {
      worstCaseMs: 3_975_000,
      tombstoneWorstCaseMs: 94_290_000,
      verdict: 'ok',
    },
  );
});

test('guard bound without a gap means idle, and unbounded is null', async () => {
  const { code, out } = await oubliette(['guard', 'bound', '--policy', 'compact', '--json']);
  assert.equal(code, 0);
  const { worstCaseMs, verdict } = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual({ worstCaseMs, verdict }, { worstCaseMs: null, verdict: 'refuse' });
  const told = await oubliette(['guard', 'bound', '--policy', 'compact']);
  assert.match(told.out, /^refuse: a byte can stay without bound\n/);
});

test('guard bound exits 1 when a deadline is missed, and names the segment.ms that would do', async () => {
  const asked = ['guard', 'bound', '--policy', 'delete', '--set', 'retention.ms=12h', '--deadline', '24h'];
  const missed = await oubliette(asked);
  assert.equal(missed.code, 1);
  assert.match(missed.out, /largest segment\.ms that passes is 39240000/);
  assert.equal((await oubliette([...asked, '--set', 'segment.ms=39240000'])).code, 0);
});

const wrong: readonly [what: string, args: string][] = [
  ['an unknown command', 'forgets'],
  ['no command', ''],
  ['an unknown option', 'plan partitions --fast'],
  ['a missing option', 'guard bound'],
  ['a policy that Kafka does not have', 'guard bound --policy both'],
  ['a setting without a say', 'guard bound --policy delete --set retention.msec=1'],
  ['a setting without a value', 'guard bound --policy delete --set retention.ms'],
  ['a duration without a unit', 'guard check --deadline 24'],
  ['a way of erasure that is none', 'guard check --deadline 24h --erasure fire'],
  ['a negative duration', 'guard check --deadline=-5m'],
  ['a duration of more than 2^53 ms', 'guard check --deadline 999999999999d'],
  ['a deadline of nothing', 'guard bound --policy delete --deadline 0s'],
  ['a negative setting', 'guard bound --policy delete --set segment.ms=-1'],
  ['a setting beyond what Kafka holds', 'guard bound --policy delete --set retention.ms=9223372036854775808'],
  [
    'a minimal lag above the maximal',
    'guard bound --policy compact --set min.compaction.lag.ms=2h --set max.compaction.lag.ms=1h',
  ],
  ['an apply without a topic', 'guard apply --deadline 24h'],
  ['an apply without a deadline', 'guard apply --topic t'],
  [
    'a count that is none',
    'plan partitions --throughput x --producers 1 --per-producer 1 --consumers 1 --per-consumer 1',
  ],
  [
    'no producers',
    'plan partitions --throughput 1 --producers 0 --per-producer 1 --consumers 1 --per-consumer 1',
  ],
  ['no brokers anywhere', 'topics list'],
  ['no user', 'users forget'],
];

for (const [what, args] of wrong) {
  test(`wrong usage exits 2: ${what}`, async () => {
    const { code, out, err } = await oubliette(args.split(' ').filter((arg) => arg !== ''));
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.notEqual(err, '');
  });
  test(`wrong usage is a document under --json: ${what}`, async () => {
    const { code, out, err } = await oubliette([...args.split(' ').filter((arg) => arg !== ''), '--json']);
    assert.equal(code, 2);
    const { error } = JSON.parse(out) as { error: { code: string; message: string } };
    assert.match(error.code, /^[A-Z_]+$/);
    assert.notEqual(error.message.replace(/^error: /, ''), '');
    assert.doesNotMatch(error.message, /outputHelp/);
    assert.notEqual(err, '');
  });
}

test('wrong settings and durations are named', async () => {
  for (const [args, name] of [
    [
      'guard bound --policy delete --set retention.ms=9223372036854775808',
      /retention\.ms=9223372036854775808/,
    ],
    ['guard bound --policy delete --set segment.ms=-1', /segment\.ms=-1/],
    ['guard bound --policy delete --set retention.msec=1', /retention\.msec/],
    [
      'guard bound --policy compact --set min.compaction.lag.ms=2h --set max.compaction.lag.ms=1h',
      /min\.compaction\.lag\.ms=7200000 is above max\.compaction\.lag\.ms=3600000/,
    ],
    ['guard check --deadline=-5m', /--deadline <duration>.*"-5m"/],
    ['guard bound --policy compact --gap=1.5h', /--gap <duration>.*"1\.5h"/],
    ['guard bound --policy delete --deadline 0s', /deadlineMs=0/],
  ] as const) {
    const { code, err } = await oubliette(args.split(' '));
    assert.equal(code, 2, args);
    assert.match(err, name);
  }
});

test('commands to come say "not yet" and exit 2, whatever is asked of them', async () => {
  const later = [
    'users export 17',
    'lag --group g',
    'doctor',
    'topics list --command-config client.properties',
  ];
  for (const args of later) {
    const { code, out, err } = await oubliette(args.split(' '));
    assert.equal(code, 2, args);
    assert.equal(out, '', args);
    assert.match(err, /not yet/, args);
  }
});

test('an error under --json is a document on standard output too', async () => {
  const { code, out, err } = await oubliette(['doctor', '--json']);
  assert.equal(code, 2);
  assert.deepEqual(JSON.parse(out), { error: { code: 'NOT_YET', message: 'doctor: not yet' } });
  assert.match(err, /not yet/);
});

test('help is no error', async () => {
  const { code, out } = await oubliette(['guard', 'bound', '--help']);
  assert.equal(code, 0);
  assert.match(out, /--open-transactions/);
  assert.match(out, /--data-dir/);
});

test('the help says of every command what it does, or that it is not yet there', async () => {
  const { out } = await oubliette(['--help']);
  const commands =
    out
      .split('Commands:\n')[1]
      ?.split('\n')
      .filter((line) => /^ {2}\w/.test(line)) ?? [];
  assert.ok(commands.length > 10);
  for (const line of commands) assert.match(line, /^ {2}\w+( [[<][^ ]+)? {2,}\S/);
});
