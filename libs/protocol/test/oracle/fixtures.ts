import { readFileSync } from 'node:fs';
import type { BatchFixture } from './batches.js';
import type { DataFixture, MessageFixture } from './message-fixture.js';

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
