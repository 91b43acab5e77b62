// User keys at scale: how soon a process with a million of them is ready, how much memory it takes, and what a key costs that had no room.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BrokerProcess } from './support/broker-process.mjs';
import { atMost, quantile, spell } from './support/figures.mjs';
import { startReady } from './support/ready-process.mjs';

export const title = 'User keys: a restart with a million of them, and keys read on demand';

const entry = fileURLToPath(new URL('support/measured-keyring.mjs', import.meta.url));
const users = Number(process.env['BENCH_USERS'] ?? 1_000_000);
const partitions = 12;
const million = 1_000_000;
const isLarge = users > million;
/** Of the users so many have room when keys are read on demand; of more than that the keyring's default. */
const fewKeys = isLarge ? undefined : Math.ceil(users * 0.1);
const readyWithinMs = 15_000 * Math.max(1, users / million);
/** 2 GB less some room; 200 MB. */
const residentWithinMiB = isLarge ? 1_900 : 190;
/** What a process may take of private memory, touched or not, in bytes (setrlimit(2), RLIMIT_DATA): what is above fails. */
const dataLimit = isLarge ? residentWithinMiB * 2 ** 20 : null;

export async function run({ say }) {
  const rows = await measure('ours', 'bundled', say);
  if (process.env['OUBLIETTE_KAFKA_LIBS'] !== undefined) rows.push(...(await measure('kafka', 'Kafka', say)));
  return rows;
}

async function measure(engine, where, say) {
  const broker = new BrokerProcess(engine);
  try {
    await broker.start();
    const masterKeys = `1:${randomBytes(32).toString('base64')}`;
    const place = { bootstrap: broker.bootstrap, masterKeys };
    const minted = await keyringProcess({ ...place, write: true });
    say(`${where}: ${users} keys made in ${spell(minted.writeMs)}, peak ${mib(minted.peakMiB)}`);
    // With the default, which has room for two million.
    const all = await keyringProcess({ ...place, read: isLarge });
    say(
      `${where}: ready in ${spell(all.processMs)}, replay ${spell(all.replayMs)}, CPU ${spell(all.replayCpuMs)}`,
    );
    say(
      `${where}: resident ${mib(all.beforeMiB)} before, ${mib(all.residentMiB)} after, peak ${mib(all.peakMiB)}`,
    );
    if (all.keys !== users) throw new Error(`${all.keys} keys came back of ${users}`);
    const few = isLarge ? all : await keyringProcess({ ...place, keysInMemory: fewKeys, read: true });
    return [
      {
        what: `${where}: minting, keys/s`,
        measured: (users / minted.writeMs) * 1000,
        text: perSecond(minted.writeMs),
      },
      { what: `${where}: minting, peak resident`, ...asMiB(minted.peakMiB) },
      atMost(`${where}: restart with ${users} keys, to ready`, all.processMs, readyWithinMs),
      // What others do on the machine moves the time, and hardly this.
      { what: `${where}: CPU time of the replay, a key`, ...asUs((all.replayCpuMs * 1000) / users) },
      atMostMiB(`${where}: resident then`, all.residentMiB),
      { what: `${where}: of it grown`, ...asMiB(all.residentMiB - all.beforeMiB) },
      isLarge
        ? atMostMiB(`${where}: peak resident`, all.peakMiB)
        : { what: `${where}: peak resident`, ...asMiB(all.peakMiB) },
      ...(isLarge
        ? []
        : [{ what: `${where}: resident with room for ${fewKeys}`, ...asMiB(few.residentMiB) }]),
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
  const node = [process.execPath, entry, JSON.stringify({ users, partitions, ...order })];
  const [command, ...args] = dataLimit === null ? node : ['prlimit', `--data=${dataLimit}`, ...node];
  const { child, rest } = await startReady(command, args);
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
