import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectClient, createPartitionReader, openKeyTopic } from '@oubliette/kafka';
import { openKeyring, readEnvironmentMasterKeys } from '@oubliette/keyring';
import { openDatabase, privacyStores } from '@oubliette/persistence';
import { ForgettingService } from '@oubliette/privacy';
import { SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { masterKeysFor } from './keyring-on.mjs';

/**
 * Forgetting as an application has it, keyring and ledger and all, with a count of what it reads of the key topic's replicas:
 * `reads` has `{ partition, at, endedAt, waiting, records }` of each, `waiting` the erasures that were under way in that partition.
 */
export async function openWatchedErasing({ bootstrap, masterKeys, keyTopic, directory }, closers) {
  const [clock, entropy] = [new SystemClock(), new SystemEntropy()];
  const database = await openDatabase({ clock, disk: new SystemDisk(), file: join(directory, 'ledger.db') });
  closers.push(() => database.close());
  const { place, environment } = masterKeysFor(masterKeys);
  const keys = await readEnvironmentMasterKeys(place.slice('env:'.length), environment, entropy);
  const settings = { brokers: [bootstrap], clientId: 'bench', clock };
  const log = await openKeyTopic(settings, keyTopic);
  const keyring = await openKeyring({ log, masterKeys: keys, clock, entropy });
  closers.push(() => keyring.close());
  const waiting = Array.from({ length: keyTopic.partitions }, () => new Set());
  const reads = [];
  const window = watching(log, waiting, reads);
  const stores = privacyStores(database);
  const forgetting = new ForgettingService({
    keyring,
    store: stores.erasures,
    log: stores.log,
    window,
    clock,
    entropy,
  });
  closers.push(() => forgetting.close());
  await forgetting.resume();
  const erasing = { keyring, window, erasures: stores.erasures, waiting, reads };
  return {
    ...erasing,
    forget: (userIds) => forget(forgetting, erasing, userIds),
    untilErased: (erasureIds, notLongerThanMs) => untilErased(erasing, erasureIds, notLongerThanMs),
  };
}

/** The same window; a private field of it must not be looked for in the proxy. */
function watching(window, waiting, reads) {
  const readReplica = async (partition, broker) => {
    const replica = await window.readReplica(partition, broker);
    const read = {
      partition,
      at: performance.now(),
      endedAt: Number.NaN,
      waiting: waiting[partition].size,
      records: 0,
    };
    reads.push(read);
    return { ...replica, records: counted(replica.records, read) };
  };
  return new Proxy(window, {
    get(target, name) {
      if (name === 'readReplica') return readReplica;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function* counted(records, read) {
  for await (const record of records) {
    read.records++;
    yield record;
  }
  read.endedAt = performance.now();
}

async function forget(forgetting, { keyring, waiting }, userIds) {
  const erasures = await forgetting.requestMany(userIds);
  return erasures.map((erasure) => {
    if (erasure?.state !== 'forgotten') throw new Error(`the ledger says ${erasure?.state}`);
    waiting[keyring.partitionOf(erasure.userRef)].add(erasure.erasureId);
    return erasure.erasureId;
  });
}

/** Resolves to the erasures as the ledger has them then. */
async function untilErased({ erasures, keyring, waiting }, erasureIds, notLongerThanMs) {
  const end = performance.now() + notLongerThanMs;
  for (;;) {
    const standing = [...(await erasures.getAll(erasureIds)).values()];
    for (const { erasureId, userRef, state } of standing)
      if (state === 'erased') waiting[keyring.partitionOf(userRef)].delete(erasureId);
    const open = standing.filter(({ state }) => state !== 'erased');
    if (open.length === 0) return standing;
    if (performance.now() > end) throw new Error(`${open.length} not erased in time: ${open[0].note}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Bytes that this process has read so far, from sockets too (proc(5), `rchar`). */
export function bytesRead() {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/**
 * Reads what is appended to a topic, every few seconds: a nudge stands at the head of a segment until the next one has made that roll,
 * a minute later, and is cleaned then. Every offset is seen or the watch fails.
 */
export class AppendWatch {
  #reader;
  #client;
  #topic;
  #next = [];
  #stopping = false;
  #running;
  /** `{ partition, key, timestamp }` of each. */
  appended = [];

  static async start(bootstrap, topic, partitions) {
    const watch = new AppendWatch();
    const clock = new SystemClock();
    watch.#client = createDirectClient({ brokers: [bootstrap], clientId: 'bench-watch', clock });
    watch.#reader = createPartitionReader(watch.#client);
    watch.#topic = topic;
    for (let partition = 0; partition < partitions; partition++)
      watch.#next.push((await watch.#reader.offsets(topic, partition)).highWatermark);
    watch.#running = watch.#run();
    watch.#running.catch(() => undefined);
    return watch;
  }

  async stop() {
    this.#stopping = true;
    try {
      await this.#running;
      await this.#look();
    } finally {
      await this.#reader.close();
      await this.#client.close();
    }
  }

  async #run() {
    while (!this.#stopping) {
      await this.#look();
      for (let waited = 0; waited < 10 && !this.#stopping; waited++)
        await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async #look() {
    const decoder = new TextDecoder();
    for (const [partition, from] of this.#next.entries()) {
      for await (const { offset, key, timestamp } of this.#reader.scan(this.#topic, partition, from)) {
        if (offset < this.#next[partition]) continue;
        if (offset > this.#next[partition])
          throw new Error(
            `offset ${this.#next[partition]} of partition ${partition} was gone when looked at`,
          );
        this.#next[partition] = offset + 1n;
        this.appended.push({ partition, key: decoder.decode(key), timestamp });
      }
    }
  }
}
