import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { sleep } from '@oubliette/runtime';
import kafkajs, { type Producer, type Transaction } from 'kafkajs';
import type { KeyTopic } from '../key-topic/key-topic.js';
import { openKeyTopic } from '../key-topic/open-key-topic.js';
import { openCuttableKeyTopic } from './cuttable-key-topic.js';
import { clock, settingsFor, uniqueName, type Engine } from './engine.js';
import { eventually } from './eventually.js';
import { quickKeyTopic } from './key-topic-contract.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const secret = utf8('a personal value');
const leaseMs = 1_000;
/** Several rolls and several looks of the cleaner. */
const patienceMs = 4_000;

/** What may stand between a forgetting and its effect on every engine. Its cleaner must look often, as for `keyTopicContract`. */
export function keyHazardsContract(engine: Engine): void {
  describe(`user keys on ${engine.name}`, () => {
    const toClose: { close(): Promise<void> }[] = [];
    // What a failing test left open would keep the process alive.
    after(() => Promise.all(toClose.map((open) => open.close())));

    test('design 4.10: who cannot hear the topic stops decrypting when the lease ends, and obeys when it is back', async () => {
      const settings = quickKeyTopic({ partitions: 1 });
      const writer = await openTestKeyring({ log: await openKeyTopic(settingsFor(engine), settings), clock });
      toClose.push(writer);
      const { topic, link } = await openCuttableKeyTopic(settingsFor(engine), settings);
      const reader = await openTestKeyring({ log: topic, clock, leaseMs });
      toClose.push(reader);
      const [gone, stays] = ['gone', 'stays'].map((userId) => writer.userRef(userId));
      assert.ok(gone && stays);
      await writer.ensureKeys([gone, stays]);
      const [ofGone, ofStays] = [gone, stays].map((userRef) => writer.seal(userRef, binding, secret));
      assert.ok(ofGone && ofStays);
      await reader.catchUp([gone]);
      assert.equal(reader.open(binding, ofGone).outcome, 'value');
      link.cut();
      const cutAt = clock.monotonic();
      await writer.forget(gone);
      assert.equal(writer.open(binding, ofGone).outcome, 'erased');
      await eventually('the end of the lease', () => {
        const askedAt = clock.monotonic();
        if (!reader.isFresh) return true;
        assert.ok(askedAt - cutAt <= 2 * leaseMs, 'fresh beyond its lease');
        return false;
      });
      for (const envelope of [ofGone, ofStays]) {
        assert.deepEqual(reader.open(binding, envelope), { outcome: 'unavailable', reason: 'store-behind' });
      }
      assert.throws(() => reader.seal(stays, binding, secret), { code: 'KEYRING_UNAVAILABLE' });
      link.mend();
      await eventually('the lease', () => reader.isFresh);
      assert.equal(reader.open(binding, ofGone).outcome, 'erased');
      assert.deepEqual(reader.open(binding, ofStays), { outcome: 'value', value: secret });
    });

    test('design 4.8: an open transaction, where the engine takes one, keeps a key in the log until it ends', async () => {
      const settings = quickKeyTopic({ partitions: 1 });
      const topic = await openKeyTopic(settingsFor(engine), settings);
      toClose.push(topic);
      const producer = transactionalProducer(engine);
      await producer.connect();
      toClose.push({ close: () => producer.disconnect() });
      const transaction = await begin(producer, settings.topic);
      await topic.append(0, [{ key: utf8('forgotten'), value: utf8('secret') }]);
      await topic.append(0, [{ key: utf8('forgotten'), value: null }]);
      const nudges = new Nudges(topic, settings.segmentMs);
      const end = clock.monotonic() + patienceMs;
      while (transaction !== null && clock.monotonic() < end) {
        await nudges.send();
        assert.equal(await stands(topic, 'forgotten'), true, 'it stands as long as the transaction is open');
        await sleep(clock, 50);
      }
      await transaction?.abort();
      await eventually(
        'the key gone',
        async () => {
          await nudges.send();
          return !(await stands(topic, 'forgotten'));
        },
        30_000,
      );
    });
  });
}

/** One whenever the segment may roll. */
class Nudges {
  #next = clock.monotonic();

  constructor(
    private readonly topic: KeyTopic,
    private readonly segmentMs: number,
  ) {}

  async send(): Promise<void> {
    if (clock.monotonic() < this.#next) return;
    await this.topic.nudge(0);
    this.#next = clock.monotonic() + this.segmentMs;
  }
}

/** True when a record of this key with a value stands in the log. */
async function stands(topic: KeyTopic, wanted: string): Promise<boolean> {
  for await (const { key, tombstone } of topic.scan(0)) if (key === wanted && !tombstone) return true;
  return false;
}

function transactionalProducer(engine: Engine): Producer {
  const kafka = new kafkajs.Kafka({
    brokers: [engine.bootstrap()],
    clientId: 'hazard',
    logLevel: kafkajs.logLevel.NOTHING,
  });
  return kafka.producer({
    transactionalId: uniqueName('transaction'),
    maxInFlightRequests: 1,
    idempotent: true,
  });
}

/** A transaction with one record in the log; null where the engine serves none, as the bundled one. */
async function begin(producer: Producer, topic: string): Promise<Transaction | null> {
  try {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ key: '!nudge', value: Buffer.of(1), partition: 0 }] });
    return transaction;
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSGroupCoordinatorNotFound') return null;
    throw error;
  }
}
