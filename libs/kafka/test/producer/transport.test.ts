import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kafka, ProducerBatch } from 'kafkajs';
import { KafkajsTransport } from '../../src/producer/transport.js';

/** Stands for kafkajs: counts the producers that are made and fails the batches it is told to. */
function fakeKafkajs(failing: Set<number>): { kafka: Kafka; log: string[]; batches: ProducerBatch[] } {
  const log: string[] = [];
  const batches: ProducerBatch[] = [];
  let made = 0;
  const kafka = {
    admin: () => ({}),
    producer: (options: { idempotent: boolean }) => {
      made += 1;
      const name = `${options.idempotent ? 'idempotent' : 'plain'} ${made}`;
      return {
        connect: () => Promise.resolve(void log.push(`${name} connects`)),
        disconnect: () => Promise.resolve(void log.push(`${name} ends`)),
        sendBatch: (batch: ProducerBatch) => {
          batches.push(batch);
          log.push(`${name} sends`);
          return failing.has(batches.length) ? Promise.reject(new Error('lost')) : Promise.resolve([]);
        },
      };
    },
  };
  return { kafka: kafka as unknown as Kafka, log, batches };
}

const record = { topic: 'a', key: null, value: Uint8Array.of(1) };

test('after a failed request a new producer id takes over: reused sequence numbers would drop the next records', async () => {
  const { kafka, log } = fakeKafkajs(new Set([2]));
  const transport = new KafkajsTransport(kafka);
  await transport.send([record]);
  await assert.rejects(transport.send([record]));
  await transport.send([record]);
  await transport.close();
  assert.deepEqual(log, [
    'idempotent 1 connects',
    'idempotent 1 sends',
    'idempotent 1 sends',
    'idempotent 1 ends',
    'idempotent 2 connects',
    'idempotent 2 sends',
    'idempotent 2 ends',
  ]);
});

test('records are grouped by topic in order, with acks of all replicas', async () => {
  const { kafka, batches } = fakeKafkajs(new Set());
  const transport = new KafkajsTransport(kafka);
  await transport.send([
    record,
    { topic: 'b', partition: 3, key: Uint8Array.of(9), value: null, headers: { type: 'x' } },
    { topic: 'a', key: null, value: Uint8Array.of(2) },
  ]);
  assert.equal(batches[0]?.acks, -1);
  assert.deepEqual(batches[0]?.topicMessages, [
    {
      topic: 'a',
      messages: [
        { key: null, value: Buffer.of(1) },
        { key: null, value: Buffer.of(2) },
      ],
    },
    { topic: 'b', messages: [{ key: Buffer.of(9), value: null, partition: 3, headers: { type: 'x' } }] },
  ]);
});
