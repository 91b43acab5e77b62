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
const million = 1_000_000;
const isLarge = users > million;
/** Of the users so many have room when keys are read on demand; of more than that the keyring's default. */
const fewKeys = isLarge ? undefined : Math.ceil(users * 0.1);
const readyWithinMs = 15_000 * Math.max(1, users / million);
const residentWithinMb = isLarge ? 2_000 : 200;
/** What a process may take of private memory, touched or not, in bytes (setrlimit(2), RLIMIT_DATA): what is above fails. */
const dataLimit = isLarge ? residentWithinMb * million : null;

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
    const minted = await keyringProcess({ bootstrap, write: true });
    say(`${where}: ${users} keys made in ${spell(minted.writeMs)}, peak ${mb(minted.peakMb)}`);
    // With the default, which has room for two million.
    const all = await keyringProcess({ bootstrap, read: isLarge });
    say(
      `${where}: ready in ${spell(all.processMs)}, replay ${spell(all.replayMs)}, CPU ${spell(all.replayCpuMs)}`,
    );
    say(`${where}: resident ${mb(all.beforeMb)} before, ${mb(all.residentMb)} after, peak ${mb(all.peakMb)}`);
    if (all.keys !== users) throw new Error(`${all.keys} keys came back of ${users}`);
    const few = isLarge ? all : await keyringProcess({ bootstrap, keysInMemory: fewKeys, read: true });
    return [
      {
        what: `${where}: minting, keys/s`,
        measured: (users / minted.writeMs) * 1000,
        text: perSecond(minted.writeMs),
      },
      { what: `${where}: minting, peak resident`, ...asMb(minted.peakMb) },
      atMost(`${where}: restart with ${users} keys, to ready`, all.processMs, readyWithinMs),
      // What others do on the machine moves the time, and hardly this.
      { what: `${where}: CPU time of the replay, a key`, ...asUs((all.replayCpuMs * 1000) / users) },
      atMostMb(`${where}: resident then`, all.residentMb),
      { what: `${where}: of it grown`, ...asMb(all.residentMb - all.beforeMb) },
      isLarge
        ? atMostMb(`${where}: peak resident`, all.peakMb)
        : { what: `${where}: peak resident`, ...asMb(all.peakMb) },
      ...(isLarge ? [] : [{ what: `${where}: resident with room for ${fewKeys}`, ...asMb(few.residentMb) }]),
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

function atMostMb(what, measured) {
  return {
    what,
    ...asMb(measured),
    wanted: `≤ ${mb(residentWithinMb)}`,
    met: measured <= residentWithinMb,
  };
}

function asMb(measured) {
  return { measured, text: mb(measured) };
}

function asMs(measured) {
  return { measured, text: measured < 10 ? `${measured.toFixed(1)} ms` : spell(measured) };
}

function asUs(measured) {
  return { measured, text: `${measured.toFixed(1)} µs` };
}

function mb(amount) {
  return `${Math.round(amount)} MB`;
}

function perSecond(ms) {
  return `${Math.round(users / ms)} k/s`;
}
