import { test } from 'node:test';
import { kafkaLibs } from '../support/live-kafka.js';
import { connectionCases } from './connection-cases.js';
import { fetchCases, fetchTopics, fillForFetch } from './fetch-cases.js';
import {
  deleteRecordsCases,
  epochCases,
  fillForOffsets,
  listOffsetsCases,
  offsetTopics,
  producersCases,
} from './offset-cases.js';
import { produceCases, produceTopics } from './produce-cases.js';
import { compare, startBoth } from './two-brokers.js';

/*
 * The same requests, good and bad, to Apache Kafka and to this broker: the answers are equal, and so is what is stored. Needs a
 * directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS. What differs, and why:
 *
 * - a Produce without records (null): Kafka fails inside and never answers; we refuse with INVALID_RECORD.
 */
test('produce, fetch, offsets and deletion as Kafka does', { skip: kafkaLibs === undefined }, async (t) => {
  const topics = { ...produceTopics, ...fetchTopics, ...offsetTopics };
  // Of several threads each of Kafka's closes the connections that are too many.
  const sides = await startBoth(t, topics, { 'num.network.threads': '1' });
  for (const side of sides) {
    const client = await side.connect();
    await fillForFetch(client);
    await fillForOffsets(client);
    client.end();
  }
  await t.test('produce', (part) => compare(part, sides, produceCases));
  await t.test('fetch', (part) => compare(part, sides, fetchCases));
  await t.test('list offsets', (part) => compare(part, sides, listOffsetsCases));
  await t.test('delete records', (part) => compare(part, sides, deleteRecordsCases));
  await t.test('offset for leader epoch', (part) => compare(part, sides, epochCases));
  await t.test('describe producers', (part) => compare(part, sides, producersCases));
  await t.test('connections', (part) => compare(part, sides, connectionCases));
});
