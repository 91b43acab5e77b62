import { readFileSync } from 'node:fs';
import type { BatchFixture, MarkerFixture } from './batches.js';
import type { DataFixture, KafkaMessageName, MessageFixture } from './message-fixture.js';

function read<T>(name: string): T[] {
  const text = readFileSync(new URL(`../../../test/fixtures/${name}`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

export function messageFixtures(): MessageFixture[] {
  return read('messages.jsonl');
}

export function batchFixtures(): BatchFixture[] {
  return read('batches.jsonl');
}

export function dataFixtures(): DataFixture[] {
  return read('data.jsonl');
}

export function markerFixtures(): MarkerFixture[] {
  return read('markers.jsonl');
}

/** Every message of Kafka's clients jar. */
export function kafkaMessages(): KafkaMessageName[] {
  return read('kafka-messages.jsonl');
}
