import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { createAdmin } from '@oubliette/kafka';
import { erasureBoundMs } from '@oubliette/privacy';
import { SystemClock } from '@oubliette/runtime';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { atMost, spell } from './figures.mjs';
import { openWatchedErasing } from './watched-erasing.mjs';

const cli = fileURLToPath(new URL('../../apps/cli/bin/oubliette.mjs', import.meta.url));
const topic = 'oubliette.keys';
const partitions = 6;
/** Short, so that `guard apply` chooses a lag that can be waited for; the broker's own times stay Kafka's defaults. */
const deadline = '4m';
/** Apart, so that they meet the cleaner at different moments of its pause of 15 s. */
const apartMs = 4_000;
const mostOfLeast = 1.2;

/** A key topic with Kafka's defaults on Kafka with its defaults: refused; then `guard apply`, and one erasure a partition. */
export async function eraseApplied(say) {
  const directory = temporaryDirectory('oubliette-bench-');
  const closers = [() => directory.remove()];
  try {
    const kafka = await startKafka({ workDir: join(directory.path, 'kafka') });
    closers.push(() => kafka.stop());
    await makeTopic(kafka.bootstrap);
    const before = await guard(kafka.bootstrap, ['check'], 1);
    const { changes, after } = await guard(kafka.bootstrap, ['apply', '--yes'], 0);
    for (const { name, from, to } of changes) say(`guard apply: ${name} ${from} → ${to}`);
    const refused = before.topics?.[0]?.verdict ?? before.verdict ?? before[0]?.verdict;
    say(`before: ${refused}; after: ${after.verdict}, worst case ${spell(after.worstCaseMs)}`);
    return [
      {
        what: 'Kafka defaults: verdict of the guard',
        measured: refused,
        text: refused,
        wanted: 'refuse',
        met: refused === 'refuse',
      },
      {
        what: 'after guard apply',
        measured: after.verdict,
        text: after.verdict,
        wanted: 'not refuse',
        met: after.verdict !== 'refuse',
      },
      ...(await erase(kafka, directory, changes, closers, say)),
    ];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function makeTopic(bootstrap) {
  const admin = await createAdmin({ brokers: [bootstrap], clientId: 'bench', clock: new SystemClock() });
  try {
    await admin.createTopic({ name: topic, partitions, configs: { 'cleanup.policy': 'compact' } });
  } finally {
    await admin.close();
  }
}

async function guard(bootstrap, [command, ...more], wantedCode) {
  const args = [
    'guard',
    command,
    '--deadline',
    deadline,
    '--topic',
    topic,
    '--brokers',
    bootstrap,
    '--json',
    ...more,
  ];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, error] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (error += data));
  const [code] = await once(child, 'close');
  if (code !== wantedCode) throw new Error(`guard ${command} ended with ${code}: ${out}${error}`);
  return JSON.parse(out);
}

async function erase(kafka, directory, changes, closers, say) {
  const set = Object.fromEntries(changes.map(({ name, to }) => [name, Number(to)]));
  const erasing = await openWatchedErasing(
    {
      bootstrap: kafka.bootstrap,
      masterKeys: `1:${randomBytes(32).toString('base64')}`,
      // What `guard apply` chose; the others are Kafka's defaults, and stay.
      keyTopic: {
        topic,
        partitions,
        segmentMs: set['segment.ms'],
        maxCompactionLagMs: set['max.compaction.lag.ms'],
        fileDeleteDelayMs: 60_000,
        deleteRetentionMs: 86_400_000,
      },
      directory: directory.path,
    },
    closers,
  );
  const timings = await erasing.window.settings();
  const userIds = onePerPartition(erasing.keyring);
  await erasing.keyring.ensureKeys(userIds.map((userId) => erasing.keyring.userRef(userId)));
  const requests = new Map();
  for (const userId of userIds) {
    const requestedAt = Date.now();
    const [id] = await erasing.forget([userId]);
    requests.set(id, requestedAt);
    await pause(apartMs);
  }
  const boundMs = erasureBoundMs(timings);
  const erased = await erasing.untilErased([...requests.keys()], 2 * boundMs);
  const took = erased.map(({ erasureId, erasedAt }) => erasedAt - requests.get(erasureId));
  const leastMs =
    Math.min(timings.segmentMs, timings.maxCompactionLagMs) +
    timings.cleanerBackoffMs +
    timings.fileDeleteDelayMs;
  say(`L + b + F = ${spell(leastMs)}; took ${took.map(spell).join(', ')}`);
  const slowest = Math.max(...took);
  return [
    { what: 'L + b + F', measured: leastMs, text: spell(leastMs) },
    atMost(`request to erased, slowest of ${took.length}, beside the computed bound`, slowest, boundMs, took),
    {
      what: `the same ÷ (L + b + F)`,
      measured: slowest / leastMs,
      runs: took.map((ms) => ms / leastMs),
      text: (slowest / leastMs).toFixed(2),
      wanted: `≤ ${mostOfLeast}`,
      met: slowest <= mostOfLeast * leastMs,
    },
  ];
}

/** In one of its own each waits for its own nudge. */
function onePerPartition(keyring) {
  const found = new Map();
  for (let index = 0; found.size < partitions; index++) {
    const userId = `bench user ${index}`;
    const partition = keyring.partitionOf(keyring.userRef(userId));
    if (!found.has(partition)) found.set(partition, userId);
  }
  return [...found.values()];
}
