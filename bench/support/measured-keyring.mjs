// A process that holds a keyring over a key topic. Its one argument is the order as JSON: bootstrap, masterKeys, partitions, users, and
// whether to `write` their keys first, or to `read` some that have no room, and how many `keysInMemory` it has. It prints `ready ` and
// what it measured as JSON.
import { readFileSync } from 'node:fs';
import { openKeyTopic } from '@oubliette/kafka';
import { openKeyring, readEnvironmentMasterKeys } from '@oubliette/keyring';
import { SystemClock, SystemEntropy } from '@oubliette/runtime';

const order = JSON.parse(process.argv[2]);
const { bootstrap, masterKeys, partitions, users, write = false, read = false, keysInMemory } = order;
/** Users asked for in one call: their batches go out side by side, one a partition. */
const usersAtOnce = 1_000 * partitions;
/** Absent keys asked for, one by one, and then together. */
const asked = 1_000;
/** Of the users, in the order in which their keys were made, these have room: the first ones. */
const hadRoom = (keysInMemory ?? 2_000_000) / users;

const residentMiB = (field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const cpuMs = ({ user, system }) => (user + system) / 1000;
const userRefs = (keyring, from, to, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) =>
    keyring.userRef(`bench user ${from + index * step}`),
  );

const clock = new SystemClock();
const entropy = new SystemEntropy();
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
  masterKeys: await readEnvironmentMasterKeys('masterKeys', { masterKeys }, entropy),
  clock,
  entropy,
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
  measured.peakMiB = residentMiB('VmHWM');
}
if (read) {
  // Users from all over what had no room, with a margin, since partitions are not filled alike; the first one connects.
  const first = Math.ceil(users * Math.min(0.9, hadRoom + 0.1));
  const spread = userRefs(keyring, first, users, Math.max(1, Math.floor((users - first) / (2 * asked + 1))));
  await keyring.catchUp(spread.splice(0, 1));
  const each = [];
  for (const userRef of spread.splice(0, asked)) {
    const loading = performance.now();
    await keyring.catchUp([userRef]);
    each.push(performance.now() - loading);
  }
  const rest = spread.slice(0, asked);
  const loading = performance.now();
  await keyring.catchUp(rest);
  Object.assign(measured, { each, togetherMs: performance.now() - loading, together: rest.length });
  measured.peakMiB = residentMiB('VmHWM');
}
await keyring.close();
process.stdout.write(`ready ${JSON.stringify(measured)}\n`);
