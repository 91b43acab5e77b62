import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '@oubliette/kafka';
import { openKafkaEngine } from '@oubliette/nest';
import { openDatabase, privacyStores } from '@oubliette/persistence';
import { SystemClock, SystemDisk } from '@oubliette/runtime';
import { startBundledBroker, startKafka, temporaryDirectory } from '@oubliette/testing';
import { atMost, quantile, spell } from './figures.mjs';
import { binding, masterKeysFor } from './keyring-on.mjs';
import { startReady, stop } from './ready-process.mjs';

const entry = fileURLToPath(new URL('forgetting-consumer.mjs', import.meta.url));
const secret = new TextEncoder().encode('a personal value');
const consumers = 10;
const oneByOne = { users: 1000, warmUp: 50, limitMs: 250 };
const inOneCall = { users: 10_000, limitMs: 10_000 };
const day = 86_400_000;

/** How soon a user who is forgotten, ledger and all, is refused in every one of ten processes, and 10,000 users in one call. */
export async function forgetEverywhere(say, isQuick) {
  const engines = [['bundled', startBundledBroker]];
  if (process.env['OUBLIETTE_KAFKA_LIBS'] !== undefined) engines.push(['Kafka', startKafka]);
  const rows = [];
  for (const [name, start] of engines) {
    say(`${name}: ${consumers} consumers`);
    rows.push(...(await measure(name, start, say, isQuick ? 10 : 1)));
  }
  return rows;
}

/** `part` 10: with a tenth of the users. */
async function measure(name, start, say, part) {
  const directory = temporaryDirectory('oubliette-bench-');
  const closers = [() => directory.remove()];
  try {
    const server = await start({ workDir: directory.path });
    closers.push(() => server.stop());
    const order = {
      bootstrap: server.bootstrap,
      masterKeys: `1:${randomBytes(32).toString('base64')}`,
      keyTopic: {
        topic: 'bench.keys',
        partitions: 12,
        segmentMs: day,
        maxCompactionLagMs: day,
        fileDeleteDelayMs: 60_000,
        deleteRetentionMs: day,
      },
    };
    const engine = await openEngine(order, join(directory.path, 'ledger.db'), closers);
    const children = await Promise.all(
      Array.from({ length: consumers }, () => startConsumer(order, closers)),
    );
    const single = await forgetOneByOne(engine, children, oneByOne.users / part);
    say(`forgotten one by one: p50 ${spell(quantile(single, 0.5))}, p99 ${spell(quantile(single, 0.99))}`);
    const many = await forgetInOneCall(engine, children, inOneCall.users / part);
    say(
      `forgotten in one call: ${spell(many.forgottenMs)}, refused everywhere after ${spell(many.refusedMs)}`,
    );
    return [
      atMost(
        `${name}: forgetting to refusal in ${consumers} processes, p99 of ${single.length}`,
        quantile(single, 0.99),
        oneByOne.limitMs,
        single,
      ),
      atMost(
        `${name}: ${inOneCall.users / part} users in one call, forgotten`,
        many.forgottenMs,
        inOneCall.limitMs,
        many,
      ),
      atMost(`${name}: the same, refused in all`, many.refusedMs, inOneCall.limitMs, many),
    ];
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** What an application has that forgets: its keyring, and a ledger in the embedded database. */
async function openEngine({ bootstrap, masterKeys, keyTopic }, file, closers) {
  const database = await openDatabase({ clock: new SystemClock(), disk: new SystemDisk(), file });
  closers.push(() => database.close());
  const engine = await openKafkaEngine({
    brokers: [bootstrap],
    clientId: 'bench',
    masterKeys: masterKeysFor(masterKeys),
    stores: privacyStores(database),
    keyTopic,
    logger: silentLogger,
  });
  closers.push(() => engine.close());
  return engine;
}

async function startConsumer(order, closers) {
  const { child } = await startReady(process.execPath, [entry, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  closers.push(() => stop(child));
  return child;
}

/** Resolves to the ms from each call to the last refusal of it. The first ones warm up and do not count. */
async function forgetOneByOne(engine, children, count) {
  const { warmUp } = oneByOne;
  const users = await admit(engine, children, 'one', warmUp + count);
  const refusals = Promise.all(children.map(refusalsOf));
  const calledAt = new Map();
  for (const { userId, userRef } of users) {
    calledAt.set(userRef, process.hrtime.bigint());
    assertForgotten(await engine.forgetting.request(userId));
  }
  const last = lastRefusals(await refusals);
  return users.slice(warmUp).map(({ userRef }) => msBetween(calledAt.get(userRef), last.get(userRef)));
}

async function forgetInOneCall(engine, children, count) {
  const users = await admit(engine, children, 'many', count);
  const refusals = Promise.all(children.map(refusalsOf));
  const calledAt = process.hrtime.bigint();
  const erasures = await engine.forgetting.requestMany(users.map(({ userId }) => userId));
  const forgottenMs = msBetween(calledAt, process.hrtime.bigint());
  for (const erasure of erasures) assertForgotten(erasure);
  const last = [...lastRefusals(await refusals).values()].map((at) => msBetween(calledAt, at));
  // Refused here as well: the call has not resolved before.
  return { forgottenMs, refusedMs: Math.max(forgottenMs, ...last) };
}

function assertForgotten({ state }) {
  if (state !== 'forgotten' && state !== 'erased') throw new Error(`the ledger says ${state}`);
}

/** Users with a value each that every consumer has read. */
async function admit({ keyring }, children, kind, count) {
  const known = Array.from({ length: count }, (_, index) => {
    const userId = `${kind} ${index}`;
    return { userId, userRef: keyring.userRef(userId) };
  });
  await keyring.ensureKeys(known.map(({ userRef }) => userRef));
  const users = known.map((user) => ({ ...user, envelope: keyring.seal(user.userRef, binding, secret) }));
  const watch = users.map(({ userRef, envelope }) => [userRef, Buffer.from(envelope).toString('base64')]);
  await Promise.all(
    children.map(async (child) => {
      const answer = once(child, 'message');
      child.send({ watch });
      await answer;
    }),
  );
  return users;
}

async function refusalsOf(child) {
  const [{ refusals }] = await once(child, 'message');
  return refusals;
}

/** When the last of the consumers refused each user, on the clock that all processes of the machine share. */
function lastRefusals(all) {
  const last = new Map();
  for (const [userRef, at] of all.flat()) {
    const time = BigInt(at);
    if (time > (last.get(userRef) ?? 0n)) last.set(userRef, time);
  }
  return last;
}

function msBetween(from, to) {
  return Number(to - from) / 1e6;
}
