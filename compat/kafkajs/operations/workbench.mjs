import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** What every operation needs: a client, an admin, names that nobody else uses, and an end for what it opened. */
export class Workbench {
  #open = [];
  #number = 0;

  static async open(bootstrap, installed) {
    const require = createRequire(join(installed, 'package.json'));
    const bench = new Workbench();
    bench.bootstrap = bootstrap;
    bench.kafkajs = require('kafkajs');
    await installCodecs(bench.kafkajs, require);
    bench.kafka = bench.client();
    bench.admin = bench.kafka.admin();
    await bench.admin.connect();
    return bench;
  }

  client(retries = 8) {
    const { Kafka, logLevel } = this.kafkajs;
    return new Kafka({
      clientId: 'compat',
      brokers: [this.bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, retries },
    });
  }

  name(what) {
    this.#number += 1;
    return `${what}-${process.pid}-${this.#number}`;
  }

  async topic(numPartitions = 1, configEntries = []) {
    const topic = this.name('topic');
    await this.admin.createTopics({
      topics: [{ topic, numPartitions, configEntries }],
      waitForLeaders: true,
    });
    return topic;
  }

  async producer(options = {}) {
    const producer = this.kafka.producer({
      createPartitioner: this.kafkajs.Partitioners.DefaultPartitioner,
      ...options,
    });
    await producer.connect();
    this.#open.push(producer);
    return producer;
  }

  async consumer(options = {}) {
    const consumer = this.kafka.consumer({
      groupId: this.name('group'),
      heartbeatInterval: 300,
      sessionTimeout: 6000,
      maxWaitTimeInMs: 200,
      ...options,
    });
    await consumer.connect();
    this.#open.push(consumer);
    return consumer;
  }

  /** kafkajs takes some refusals for passing and asks again: eight doublings of its wait can last 30 s. */
  async hastyAdmin() {
    const admin = this.client(1).admin();
    await admin.connect();
    this.#open.push(admin);
    return admin;
  }

  async send(topic, messages, options = {}) {
    const { acks, compression, ...producing } = options;
    const producer = await this.producer(producing);
    return producer.send({ topic, messages, acks, compression });
  }

  /** Reads `count` messages of a topic from its beginning with a consumer of its own. */
  async read(topic, count, options = {}) {
    const consumer = await this.consumer(options);
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const messages = [];
    await consumer.run({ eachMessage: async ({ message }) => void messages.push(message) });
    await this.until(
      () => messages.length >= count,
      `${count} messages of ${topic}, read ${messages.length}`,
    );
    await consumer.disconnect();
    return messages;
  }

  async until(condition, what, timeoutMs = 15_000) {
    const deadline = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await wait(50);
    }
  }

  async within(timeoutMs, work) {
    const patience = new AbortController();
    const late = wait(timeoutMs, null, { signal: patience.signal }).then(() => {
      throw new Error(`took longer than ${timeoutMs} ms`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      patience.abort();
      await late.catch(() => undefined);
    }
  }

  /** Closes what the last operation left open; what cannot be closed any more is no fault of the broker. */
  async tidy() {
    const open = this.#open.splice(0);
    await Promise.allSettled(open.map((client) => client.disconnect()));
  }

  async close() {
    await this.admin.disconnect();
  }
}

async function installCodecs({ CompressionTypes, CompressionCodecs }, require) {
  const zstd = require('@bokuweb/zstd-wasm');
  await zstd.init();
  const Lz4 = require('@2l/kafkajs-lz4');
  CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy');
  CompressionCodecs[CompressionTypes.LZ4] = new Lz4().codec;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: async (encoder) => Buffer.from(zstd.compress(encoder.buffer)),
    decompress: async (buffer) => Buffer.from(zstd.decompress(buffer)),
  });
}

/** Throws unless the promise is rejected with the Kafka error of this name. */
export async function refused(promise, type) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  if (error === undefined) throw new Error(`expected ${type}, was accepted`);
  const parts = [error, error.cause].flatMap((each) => [
    ...(each?.groups ?? []),
    ...(each?.partitions ?? []),
  ]);
  const inner = [...(error.errors ?? []), ...parts.map((part) => part.error)];
  const types = [error, error.cause, ...inner].map((each) => each?.type);
  if (!types.includes(type))
    throw new Error(`expected ${type}, got ${error.type ?? error.name}: ${error.message}`);
}
