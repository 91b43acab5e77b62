// A process that holds a keyring over a key topic. Its one argument is the order as JSON: bootstrap, partitions, users, and to `write`
// their keys first, or how many `keysInMemory` it has room for. It prints `ready ` and what it measured as JSON.
import { readFileSync } from 'node:fs';
import { openKeyTopic } from '@oubliette/kafka';
import { openKeyring } from '@oubliette/keyring';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { SystemClock, SystemEntropy } from '@oubliette/runtime';

const { bootstrap, partitions, users, write = false, keysInMemory } = JSON.parse(process.argv[2]);
/** Users asked for in one call: their batches go out side by side, one a partition. */
const usersAtOnce = 1_000 * partitions;
const asked = 1_000;

const residentMiB = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const cpuMs = ({ user, system }) => (user + system) / 1000;
const userRefs = (keyring, from, to, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) =>
    keyring.userRef(`bench user ${from + index * step}`),
  );

const clock = new SystemClock();
const settings = { brokers: [bootstrap], clientId: 'bench', clock };
const before = residentMiB('VmRSS');
const day = 86_400_000;
const log = await openKeyTopic(settings, {
  topic: 'bench.keys',
  partitions,
  segmentMs: day,
  maxCompactionLagMs: day,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: day,
});
const cpuBefore = process.cpuUsage();
const began = performance.now();
const keyring = await openKeyring({
  log,
  masterKeys: await testMasterKeys(),
  clock,
  entropy: new SystemEntropy(),
  ...(keysInMemory === undefined ? {} : { keysInMemory }),
});
const measured = {
  replayMs: performance.now() - began,
  replayCpuMs: cpuMs(process.cpuUsage(cpuBefore)),
  processMs: performance.now(),
  beforeMiB: before,
  residentMiB: residentMiB('VmRSS'),
  peakMiB: residentMiB('VmHWM'),
  keys: keyring.size().keys,
};
if (write) {
  const writing = performance.now();
  for (let from = 0; from < users; from += usersAtOnce) {
    await keyring.ensureKeys(userRefs(keyring, from, Math.min(users, from + usersAtOnce)));
  }
  measured.writeMs = performance.now() - writing;
} else {
  // Users from all over the topic; the first of them connects.
  await keyring.catchUp(userRefs(keyring, 0, 1));
  const spread = userRefs(keyring, 1, users, Math.max(1, Math.floor(users / asked)));
  const each = [];
  for (const userRef of spread.splice(0, 100)) {
    const loading = performance.now();
    await keyring.catchUp([userRef]);
    each.push(performance.now() - loading);
  }
  const loading = performance.now();
  await keyring.catchUp(spread);
  Object.assign(measured, { each, togetherMs: performance.now() - loading, together: spread.length });
}
await keyring.close();
process.stdout.write(`ready ${JSON.stringify(measured)}\n`);
