// User keys at scale: how soon a process with a million of them is ready, how much memory it takes, and what a key costs that had no room.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BrokerProcess } from './support/broker-process.mjs';
import { atMost, quantile, spell } from './support/figures.mjs';
import { startReady } from './support/ready-process.mjs';

export const title = 'User keys: a restart with a million of them, and keys read on demand';

const entry = fileURLToPath(new URL('support/measured-keyring.mjs', import.meta.url));
const users = Number(process.env['BENCH_USERS'] ?? 1_000_000);
const partitions = 12;
/** So many of the users have room when keys are read on demand. */
const share = 0.1;
const readyWithinMs = (15_000 * users) / 1_000_000;
const residentWithinMiB = users <= 1_000_000 ? 200 : 2_000;

export async function run({ say }) {
  const rows = await measure('ours', 'bundled', say);
  if (process.env['OUBLIETTE_KAFKA_LIBS'] !== undefined) rows.push(...(await measure('kafka', 'Kafka', say)));
  return rows;
}

async function measure(engine, where, say) {
  const broker = new BrokerProcess(engine);
  try {
    await broker.start();
    const { bootstrap } = broker;
    const { writeMs } = await keyringProcess({ bootstrap, write: true });
    say(`${where}: ${users} keys made in ${spell(writeMs)}`);
    const all = await keyringProcess({ bootstrap });
    say(`${where}: ready in ${spell(all.processMs)}, replay ${spell(all.replayMs)}, CPU ${spell(all.replayCpuMs)}`);
    say(
      `${where}: resident ${mib(all.beforeMiB)} before, ${mib(all.residentMiB)} after, peak ${mib(all.peakMiB)}`,
    );
    if (all.keys !== users) throw new Error(`${all.keys} keys came back of ${users}`);
    const few = await keyringProcess({ bootstrap, keysInMemory: Math.ceil(users * share) });
    return [
      { what: `${where}: minting, keys/s`, measured: (users / writeMs) * 1000, text: perSecond(writeMs) },
      atMost(`${where}: restart with ${users} keys, to ready`, all.processMs, readyWithinMs),
      // What others do on the machine moves the time, and hardly this.
      { what: `${where}: CPU time of the replay, a key`, ...asUs((all.replayCpuMs * 1000) / users) },
      atMostMiB(`${where}: resident then`, all.residentMiB),
      { what: `${where}: of it grown`, ...asMiB(all.residentMiB - all.beforeMiB) },
      { what: `${where}: resident with room for ${share * 100} %`, ...asMiB(few.residentMiB) },
      { what: `${where}: one absent key, p50`, ...asMs(quantile(few.each, 0.5)) },
      { what: `${where}: one absent key, p99`, ...asMs(quantile(few.each, 0.99)) },
      { what: `${where}: ${few.together} absent keys at once`, ...asMs(few.togetherMs) },
    ];
  } finally {
    await broker.remove();
  }
}

/** Runs a process with a keyring to its end; what it measured. */
async function keyringProcess(order) {
  const { child, rest } = await startReady(process.execPath, [
    entry,
    JSON.stringify({ users, partitions, ...order }),
  ]);
  if (child.exitCode === null) await once(child, 'exit');
  return JSON.parse(rest);
}

function atMostMiB(what, measured) {
  return {
    what,
    ...asMiB(measured),
    wanted: `≤ ${mib(residentWithinMiB)}`,
    met: measured <= residentWithinMiB,
  };
}

function asMiB(measured) {
  return { measured, text: mib(measured) };
}

function asMs(measured) {
  return { measured, text: measured < 10 ? `${measured.toFixed(1)} ms` : spell(measured) };
}

function asUs(measured) {
  return { measured, text: `${measured.toFixed(1)} µs` };
}

function mib(amount) {
  return `${Math.round(amount)} MiB`;
}

function perSecond(ms) {
  return `${Math.round(users / ms)} k/s`;
}
