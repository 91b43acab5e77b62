import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBroker } from '@oubliette/broker';
import { createAdmin, type TopicAdmin } from '@oubliette/kafka';
import { SystemDisk } from '@oubliette/runtime';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { makeContext, oubliette, realClock, type Ran, type Setting } from './cli-harness.js';
import { runCli } from '../src/program.js';

const hour = 3_600_000;
const directory = mkdtempSync(join(tmpdir(), 'oubliette-guard-apply-'));
const clock = realClock();
let broker: Awaited<ReturnType<typeof startBroker>>;
let admin: TopicAdmin;

interface Told {
  readonly applied: boolean;
  readonly changes: readonly { name: string; from: string; to: string }[];
  readonly before: { verdict: string; worstCaseMs: number | null };
  readonly after: { verdict: string; worstCaseMs: number | null; reasons: readonly string[] };
}

before(async () => {
  broker = await startBroker({ dataDir: directory, port: 0 });
  admin = await createAdmin({ brokers: [broker.bootstrap], clientId: 'guard-apply', clock });
  for (const [name, hours] of [
    ['twelve', 12],
    ['twenty', 20],
    ['day', 24],
  ] as const)
    await admin.createTopic({
      name,
      partitions: 2,
      configs: { 'retention.ms': String(hours * hour), 'retention.bytes': '1000000' },
    });
  await admin.createTopic({
    name: 'oubliette.keys',
    partitions: 1,
    configs: { 'cleanup.policy': 'compact', 'delete.retention.ms': '7200000' },
  });
});

after(async () => {
  await admin.close();
  await broker.stop();
  rmSync(directory, { recursive: true });
});

const apply = (topic: string, more: readonly string[] = [], setting: Setting = {}): Promise<Ran> =>
  oubliette(
    ['guard', 'apply', '--deadline', '24h', '--topic', topic, '--brokers', broker.bootstrap, ...more],
    { clock, ...setting },
  );
const configsOf = async (topic: string): Promise<Readonly<Record<string, string>>> =>
  (await admin.describeTopics([topic]))[0]?.configs ?? {};
const told = ({ out }: Ran): Told => JSON.parse(out) as Told;

test('without a terminal and without --yes it shows what it would set, sets nothing, and exits 2', async () => {
  const { code, out, err } = await apply('twelve');
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /segment\.ms +604800000 +\d+ .*\nworst case: 7 d .* → 1 d\n/);
  assert.match(err, /There is no terminal to ask at.*--yes/);
  assert.equal((await configsOf('twelve'))['segment.ms'], '604800000');
});

test('who says no at the terminal keeps the settings, exit 1', async () => {
  const { code, out, err } = await apply('twelve', [], { confirms: false });
  assert.equal(code, 1);
  assert.match(err, /Set this setting of the topic twelve\?/);
  assert.equal(out, 'Nothing was set.\n');
  assert.equal((await configsOf('twelve'))['segment.ms'], '604800000');
});

test('12 h of retention: who says yes gets the largest segment.ms, and the guard then passes it', async () => {
  const { code, out, err } = await apply('twelve', [], { confirms: true });
  assert.equal(code, 0, err);
  assert.match(out, /^Set: segment\.ms\.\nwarn +twelve \(personal data\): 1 d\n/);
  const configs = await configsOf('twelve');
  assert.deepEqual(
    [configs['retention.ms'], configs['retention.bytes'], configs['cleanup.policy']],
    [String(12 * hour), '1000000', 'delete'],
  );
  const check = ['guard', 'check', '--deadline', '24h', '--topic', 'twelve', '--brokers', broker.bootstrap];
  assert.equal((await oubliette(check, { clock })).code, 0);
  assert.equal(
    (await oubliette(['guard', 'check', '--deadline', '1439m', ...check.slice(4)], { clock })).code,
    1,
  );
});

test('20 h of retention, --yes --json: the document has the settings old and new; again there is nothing to set', async () => {
  const ran = await apply('twenty', ['--yes', '--json']);
  assert.equal(ran.code, 0, ran.err);
  const { applied, changes, before: was, after: is } = told(ran);
  assert.equal(applied, true);
  assert.deepEqual(
    changes.map(({ name, from }) => [name, from]),
    [['segment.ms', '604800000']],
  );
  assert.equal((await configsOf('twenty'))['segment.ms'], changes[0]?.to);
  assert.deepEqual([was.verdict, is.verdict, is.worstCaseMs], ['refuse', 'warn', 24 * hour]);
  const again = await apply('twenty', ['--json']);
  assert.equal(again.code, 0);
  assert.deepEqual([told(again).applied, told(again).changes], [false, []]);
});

test('24 h of retention never passes, and is shortened only when asked', async () => {
  const refused = await apply('day', ['--yes']);
  assert.equal(refused.code, 1);
  assert.match(
    refused.out,
    /Nothing that may be set makes it pass; .*--retention\.\n.*refuse.*\n.*no segment\.ms passes/s,
  );
  assert.equal((await configsOf('day'))['retention.ms'], String(24 * hour));
  const asked = await apply('day', ['--yes', '--retention', '12h']);
  assert.equal(asked.code, 0, asked.out + asked.err);
  const configs = await configsOf('day');
  assert.equal(configs['retention.ms'], String(12 * hour));
  assert.ok(Number(configs['segment.ms']) < 11 * hour);
});

test('the key topic gets a key topic’s settings, and what it had besides stays', async () => {
  const ran = await apply('oubliette.keys', ['--yes', '--json']);
  assert.equal(ran.code, 0, ran.out + ran.err);
  assert.equal(told(ran).before.worstCaseMs, null);
  assert.ok((told(ran).after.worstCaseMs ?? Number.POSITIVE_INFINITY) < hour);
  const configs = await configsOf('oubliette.keys');
  assert.deepEqual(
    [
      'cleanup.policy',
      'segment.ms',
      'max.compaction.lag.ms',
      'message.timestamp.type',
      'delete.retention.ms',
    ].map((name) => configs[name]),
    ['compact', '600000', '600000', 'LogAppendTime', '7200000'],
  );
  assert.equal(Number(configs['min.cleanable.dirty.ratio']), 0);
});

test('a topic that is not there is named, exit 1', async () => {
  const { code, err } = await apply('nowhere', ['--yes']);
  assert.equal(code, 1);
  assert.match(err, /no topic nowhere/);
});

test('guard check finds what stands aside in a log directory that it can read', async () => {
  mkdirSync(join(directory, `twelve-7.${'0123456789abcdef'.repeat(2)}-stray`));
  const said = { out: '', err: '' };
  const context = { ...makeContext({ clock, disk: new SimulatedDisk() }, said), disk: new SystemDisk() };
  const args = ['guard', 'check', '--deadline', '24h', '--topic', 'twelve', '--log-dir', directory];
  assert.equal(await runCli([...args, '--brokers', broker.bootstrap], context), 0, said.err);
  assert.match(said.out, /were put aside \(twelve-7\./);
});
