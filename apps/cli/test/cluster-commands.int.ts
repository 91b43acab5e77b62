import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBroker } from '@oubliette/broker';
import { createAdmin, openKeyTopic, type KafkaSettings, type KeyTopicSettings } from '@oubliette/kafka';
import { createMasterKeyFile, loadMasterKeyFile, openKeyring } from '@oubliette/keyring';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { oubliette, realClock } from './cli-harness.js';

const hour = 3_600_000;
const directory = mkdtempSync(join(tmpdir(), 'oubliette-cli-'));
const clock = realClock();
const keyTopic: KeyTopicSettings = {
  topic: 'oubliette.keys',
  partitions: 3,
  replicationFactor: 1,
  segmentMs: 2_000,
  maxCompactionLagMs: 2_000,
  fileDeleteDelayMs: 1_000,
  deleteRetentionMs: 24 * hour,
};
let broker: Awaited<ReturnType<typeof startBroker>>;
let settings: KafkaSettings;

before(async () => {
  broker = await startBroker({ dataDir: directory, port: 0 });
  settings = { brokers: [broker.bootstrap], clientId: 'cli-test', clock };
  const admin = await createAdmin(settings);
  const retention = (hours: number): string => String(hours * hour);
  const common = { 'message.timestamp.type': 'LogAppendTime', 'segment.ms': String(hour) };
  await admin.createTopic({
    name: 'lessons',
    partitions: 2,
    configs: { ...common, 'retention.ms': retention(12) },
  });
  await admin.createTopic({ name: 'archive', partitions: 1, configs: { 'retention.ms': '-1' } });
  // As an application makes it: pseudonyms, for as long as a ledger is kept.
  await admin.createTopic({
    name: 'oubliette.keys.ledger',
    partitions: 1,
    configs: { 'cleanup.policy': 'compact' },
  });
  await admin.close();
});

after(async () => {
  await broker.stop();
  rmSync(directory, { recursive: true });
});

test('topics list and describe show policy and verdict of a live cluster', async () => {
  const listed = await oubliette(['topics', 'list', '--json', '--brokers', broker.bootstrap], { clock });
  assert.equal(listed.code, 0, listed.err);
  const topics = JSON.parse(listed.out) as Record<string, unknown>[];
  const short = topics
    .filter(({ name }) => name === 'lessons' || name === 'archive')
    .map(({ name, partitionCount, policy, verdict, worstCaseMs }) => ({
      name,
      partitionCount,
      policy,
      verdict,
      worstCaseMs,
    }));
  assert.equal(short.length, 2);
  assert.deepEqual(short[0], {
    name: 'archive',
    partitionCount: 1,
    policy: 'delete',
    verdict: 'refuse',
    worstCaseMs: null,
  });
  const lessons = short[1];
  assert.equal(lessons?.verdict, 'ok');
  // 12 h of retention, 1 h until the segment rolls, and what the broker takes to check and to unlink.
  assert.ok(Number(lessons.worstCaseMs) >= 13 * hour && Number(lessons.worstCaseMs) <= 13 * hour + 600_000);
  const described = await oubliette(['topics', 'describe', 'lessons'], {
    clock,
    env: { OUBLIETTE_BROKERS: broker.bootstrap },
  });
  assert.equal(described.code, 0, described.err);
  assert.match(described.out, /retention\.ms=43200000/);
});

test('guard check exits 1 when one topic is refused, and 0 when all asked about pass', async () => {
  const check = ['guard', 'check', '--deadline', '24h', '--json', '--brokers', broker.bootstrap];
  const all = await oubliette(check, { clock });
  assert.equal(all.code, 1, all.err);
  const { verdict, topics } = JSON.parse(all.out) as { verdict: string; topics: { topic: string }[] };
  assert.equal(verdict, 'refuse');
  const judged = topics.map(({ topic }) => topic);
  assert.ok(judged.includes('archive') && !judged.includes('oubliette.keys.ledger'));
  const one = await oubliette([...check, '--topic', 'lessons'], { clock });
  assert.equal(one.code, 0, one.err);
  const late = await oubliette(
    ['guard', 'check', '--deadline', '13h', '--topic', 'lessons', '--brokers', broker.bootstrap],
    { clock },
  );
  assert.equal(late.code, 1);
  assert.match(late.out, /largest segment\.ms that passes is \d+/);
});

test('guard check judges by the way in which records are said to end', async () => {
  const check = ['guard', 'check', '--deadline', '24h', '--topic', 'lessons', '--brokers', broker.bootstrap];
  const judged = (way: string) => oubliette([...check, '--erasure', way], { clock });
  assert.equal((await judged('expiry')).code, 0);
  const tombstoned = await judged('tombstone');
  assert.equal(tombstoned.code, 1);
  assert.match(tombstoned.out, /Set cleanup\.policy=compact/);
});

test('a cluster that cannot be reached is named by the address that was tried, exit 1', async () => {
  const { code, err } = await oubliette(['topics', 'list', '--brokers', '127.0.0.1:9'], { clock });
  assert.equal(code, 1);
  assert.match(err, /^oubliette: [^\n]*127\.0\.0\.1:9 [^\n]*\n$/);
});

test('a topic that is not there is named, exit 1', async () => {
  const { code, err } = await oubliette(['topics', 'describe', 'nowhere', '--brokers', broker.bootstrap], {
    clock,
  });
  assert.equal(code, 1);
  assert.match(err, /no topic nowhere/);
});

test('keys list shows users by pseudonym and writes nothing', async () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile('/keys/keys.json', disk, new SeededEntropy(7));
  const keys = (): ReturnType<typeof oubliette> =>
    oubliette(['keys', 'list', '--json', '--brokers', broker.bootstrap], {
      clock,
      disk,
      env: { OUBLIETTE_MASTER_KEYS: '/keys/keys.json' },
    });
  const before = await keys();
  assert.equal(before.code, 1);
  assert.match(before.err, /no topic oubliette\.keys/);
  const keyring = await openKeyring({
    log: await openKeyTopic(settings, keyTopic),
    masterKeys: await loadMasterKeyFile('/keys/keys.json', disk, new SeededEntropy(8)),
    clock,
    entropy: new SeededEntropy(9),
  });
  try {
    const [ada, ben] = [keyring.userRef('ada'), keyring.userRef('ben')];
    await keyring.ensureKeys([ada, ben]);
    await keyring.forget(ben);
    const { code, out, err } = await keys();
    assert.equal(code, 0, err);
    const users = JSON.parse(out) as { userRef: string; state: string; kids: string[] }[];
    assert.deepEqual(
      new Map(users.map(({ userRef, state, kids }) => [userRef, `${state} ${kids.length}`])),
      new Map<string, string>([
        [ada, 'active 1'],
        [ben, 'forgotten 0'],
      ]),
    );
    assert.ok(!out.includes('ada'));
    const judged = await oubliette(
      ['guard', 'check', '--deadline', '1h', '--topic', 'oubliette.keys', '--brokers', broker.bootstrap],
      { clock },
    );
    assert.equal(judged.code, 0, judged.out + judged.err);
    assert.match(judged.out, /key topic.*\n.*Holds while an application with its nudger runs/);
    // The data directory is of a sample on other brokers, with a key topic of another name.
    const other = JSON.stringify({ brokers: '127.0.0.1:9', httpAddress: 'http://h', keyTopic: 'other.keys' });
    const elsewhere = await oubliette(
      [
        ...['guard', 'check', '--deadline', '1h', '--topic', 'oubliette.keys'],
        ...['--brokers', broker.bootstrap, '--data-dir', '/d'],
      ],
      { clock, files: { '/d/oubliette.json': other } },
    );
    assert.equal(elsewhere.code, 0, elsewhere.out + elsewhere.err);
    assert.match(elsewhere.out, /oubliette\.keys \(key topic\)/);
  } finally {
    await keyring.close();
  }
});

test('broker prints where it is ready, refuses a locked directory, and stops when told to', async () => {
  const own = mkdtempSync(join(tmpdir(), 'oubliette-cli-broker-'));
  const stop = new AbortController();
  try {
    let ready = (): void => undefined;
    const started = new Promise<void>((resolve) => (ready = resolve));
    const running = oubliette(['broker', '--listen', '127.0.0.1:0', '--data-dir', own], {
      signal: stop.signal,
      onOut: () => ready(),
    });
    await Promise.race([started, running]);
    const second = await oubliette(['broker', '--listen', '127.0.0.1:0', '--data-dir', own]);
    assert.equal(second.code, 1);
    assert.match(second.err, /^DATA_DIR_LOCKED: .*\n$/m);
    stop.abort();
    const { code, out } = await running;
    assert.equal(code, 0);
    assert.match(out, /^ready 127\.0\.0\.1:\d+\n$/);
  } finally {
    stop.abort();
    rmSync(own, { recursive: true });
  }
});
