import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createAdmin } from '@oubliette/kafka';
import { KEY_TOPIC_DEFAULTS } from '@oubliette/nest';
import { erasureBoundMs } from '@oubliette/privacy';
import { SystemClock } from '@oubliette/runtime';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { atMost, spell } from './figures.mjs';
import { AppendWatch, bytesRead, openWatchedErasing } from './watched-erasing.mjs';

const minute = 60_000;
const perDay = 10_000;
const pauseMs = 86_400_000 / perDay;
const inOneCall = 10_000;
/** Of the 10,000 in one call: what would take L = 10 min is not waited for twice. */
const quickLagMs = minute;
const usersAtOnce = 12_000;
const { partitions, topic } = KEY_TOPIC_DEFAULTS;

/** A million users on Apache Kafka with the module's defaults: 10,000 forgets a day for some minutes (`pace`), 10,000 in one call (`bulk`). */
export async function eraseMany(say, isQuick, asked) {
  const users = Number(process.env['BENCH_USERS'] ?? (isQuick ? 100_000 : 1_000_000));
  const paceMinutes = isQuick ? 3 : 10;
  const directory = temporaryDirectory('oubliette-bench-');
  const closers = [() => directory.remove()];
  try {
    const kafka = await startKafka({ workDir: join(directory.path, 'kafka') });
    closers.push(() => kafka.stop());
    const order = {
      bootstrap: kafka.bootstrap,
      masterKeys: `1:${randomBytes(32).toString('base64')}`,
      keyTopic: KEY_TOPIC_DEFAULTS,
      directory: directory.path,
    };
    mkdirSync(directory.path, { recursive: true });
    const erasing = await openWatchedErasing(order, closers);
    const mintedMs = await mint(erasing.keyring, users);
    say(`${users} users' keys made in ${spell(mintedMs)}`);
    const rows = asked.includes('pace') ? await atPace(erasing, kafka, users, paceMinutes, say) : [];
    if (asked.includes('bulk')) rows.push(...(await together(erasing, kafka, users, say)));
    return rows;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function mint(keyring, users) {
  const began = performance.now();
  for (let from = 0; from < users; from += usersAtOnce) {
    const length = Math.min(usersAtOnce, users - from);
    await keyring.ensureKeys(Array.from({ length }, (_, index) => keyring.userRef(userId(from + index))));
  }
  return performance.now() - began;
}

async function atPace(erasing, kafka, users, minutes, say) {
  const count = Math.round((minutes * minute) / pauseMs);
  const boundMs = erasureBoundMs(await erasing.window.settings());
  const watch = await AppendWatch.start(kafka.bootstrap, topic, partitions);
  const ids = [];
  const began = performance.now();
  for (let index = 0; index < count; index++) {
    await pause(Math.max(0, began + index * pauseMs - performance.now()));
    ids.push(...(await erasing.forget([userId(index * Math.floor(users / 2 / count))])));
  }
  say(`${count} users forgotten, one every ${spell(pauseMs)}; bound ${spell(boundMs)}`);
  const erased = await erasing.untilErased(ids, 2 * boundMs);
  await watch.stop();
  const took = erased.map(({ erasedAt, forgottenAt }) => erasedAt - forgottenAt);
  const nudges = nudgesOf(watch.appended);
  const spread = spreadOf(nudges);
  const { reads } = erasing;
  say(`${nudges.length} nudges, ${reads.length} reads of a replica, each of ${recordsOf(reads)} records`);
  return [
    atMost(
      `${count} users forgotten at ${perDay} a day, slowest to erased`,
      Math.max(...took),
      boundMs,
      took,
    ),
    {
      what: 'nudges in any 60 s of one partition, at most',
      measured: spread.most,
      runs: nudges,
      text: `${spread.most}`,
      wanted: '≤ 1',
      met: spread.most <= 1,
    },
    { what: 'two nudges of a partition, closest', measured: spread.closestMs, text: spell(spread.closestMs) },
    {
      what: 'nudges a partition a minute, mean',
      measured: spread.perMinute,
      text: spread.perMinute.toFixed(2),
    },
    { what: 'nudges', measured: nudges.length, text: `${nudges.length}` },
    {
      what: 'reads of a partition by verification',
      measured: reads.length,
      runs: [...reads],
      text: `${reads.length}`,
    },
    { what: 'users waiting at each read', measured: waitingAt(reads), text: waitingAt(reads) },
  ];
}

async function together(erasing, kafka, users, say) {
  const { reads, window } = erasing;
  await quicken(kafka.bootstrap);
  // Of the last half, who are all alive still; one of them first, alone.
  const single = await alone(erasing, users);
  say(`one user alone, lag ${spell(quickLagMs)}: ${single.reads} reads, ${spell(single.ms)}`);
  const boundMs = erasureBoundMs(await window.settings());
  const from = Math.floor(users / 2);
  const userIds = Array.from({ length: inOneCall }, (_, index) => userId(from + index));
  reads.length = 0;
  const watch = await AppendWatch.start(kafka.bootstrap, topic, partitions);
  const began = performance.now();
  const ids = await erasing.forget(userIds);
  const forgottenMs = performance.now() - began;
  const bytesBefore = bytesRead();
  const sizeBefore = logBytes(kafka.dataDir);
  const erased = await erasing.untilErased(ids, 3 * boundMs);
  const received = bytesRead() - bytesBefore;
  const took = erased.map(({ erasedAt, forgottenAt }) => erasedAt - forgottenAt);
  await watch.stop();
  const nudges = nudgesOf(watch.appended);
  const passes = reads.length / partitions;
  const most = Math.max(...reads.map(({ waiting }) => waiting));
  // A fence and a tombstone each are new beside what the user alone left standing.
  const ratio = Math.max(...reads.map(({ records, waiting }) => records / (single.records + 2 * waiting)));
  const times = reads.map(({ at, endedAt }) => `${spell(at - began)} to ${spell(endedAt - began)}`);
  say(`read after ${times.join(', ')}`);
  say(`${reads.length} reads, ${most} waiting at most; ${nudges.length} nudges; ${mib(received)} read`);
  return [
    {
      what: `${inOneCall} users in one call, to forgotten`,
      measured: forgottenMs,
      text: spell(forgottenMs),
    },
    atMost('the same, slowest to erased, lag 1 min', Math.max(...took), boundMs, [Math.min(...took)]),
    {
      what: 'the same, nudges a partition',
      measured: nudges.length / partitions,
      text: (nudges.length / partitions).toFixed(1),
    },
    { what: 'the same, reads of a partition', measured: passes, runs: [...reads], text: passes.toFixed(1) },
    { what: 'one user alone, reads of a partition', measured: single.reads, text: `${single.reads}` },
    {
      what: `records a read, up to ${most} waiting ÷ records that stood`,
      measured: ratio,
      text: ratio.toFixed(3),
      wanted: '≤ 1.05',
      met: ratio <= 1.05,
    },
    {
      what: 'received by the process ÷ (reads × size of a partition)',
      measured: received / (passes * sizeBefore),
      text: (received / (passes * sizeBefore)).toFixed(2),
    },
  ];
}

async function alone(erasing, users) {
  const { reads, window } = erasing;
  reads.length = 0;
  const [id] = await erasing.forget([userId(users - 1)]);
  const [{ erasedAt, forgottenAt }] = await erasing.untilErased(
    [id],
    3 * erasureBoundMs(await window.settings()),
  );
  return {
    reads: reads.length,
    records: Math.max(...reads.map(({ records }) => records)),
    ms: erasedAt - forgottenAt,
  };
}

async function quicken(bootstrap) {
  const admin = await createAdmin({ brokers: [bootstrap], clientId: 'bench', clock: new SystemClock() });
  try {
    const lag = { 'segment.ms': `${quickLagMs}`, 'max.compaction.lag.ms': `${quickLagMs}` };
    await admin.setTopicConfigs(topic, lag);
    // Brokers hear of it a moment later.
    await pause(2_000);
  } finally {
    await admin.close();
  }
}

function nudgesOf(appended) {
  return appended
    .filter(({ key }) => key === '!nudge')
    .map(({ partition, timestamp }) => ({ partition, timestamp }));
}

/** By the broker's own timestamps. */
function spreadOf(nudges) {
  let [most, closestMs, sum] = [0, Number.POSITIVE_INFINITY, 0];
  for (let partition = 0; partition < partitions; partition++) {
    const times = nudges.filter((nudge) => nudge.partition === partition).map(({ timestamp }) => timestamp);
    for (const [index, time] of times.entries()) {
      most = Math.max(most, times.filter((other) => other >= time && other < time + minute).length);
      if (index > 0) closestMs = Math.min(closestMs, time - times[index - 1]);
    }
    const spanMs = Math.max(minute, (times.at(-1) ?? 0) - (times[0] ?? 0));
    sum += (times.length - 1) / (spanMs / minute);
  }
  return { most, closestMs, perMinute: sum / partitions };
}

function waitingAt(reads) {
  const counts = reads.map(({ waiting }) => waiting);
  return `${Math.min(...counts)} to ${Math.max(...counts)}`;
}

function recordsOf(reads) {
  const counts = reads.map(({ records }) => records);
  return `${Math.min(...counts)} to ${Math.max(...counts)}`;
}

/** Segments of the key topic, of all partitions. */
function logBytes(dataDir) {
  let bytes = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const place = join(dataDir, `${topic}-${partition}`);
    for (const name of readdirSync(place))
      if (name.endsWith('.log')) bytes += statSync(join(place, name)).size;
  }
  return bytes;
}

function userId(index) {
  return `bench user ${index}`;
}

function mib(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
