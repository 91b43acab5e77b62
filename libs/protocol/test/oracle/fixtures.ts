import { readFileSync } from 'node:fs';
import type { BatchFixture } from './batches.js';
import type { MessageFixture } from './message-fixture.js';

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../test/fixtures/${name}`, import.meta.url), 'utf8'));
}

export function messageFixtures(): MessageFixture[] {
  return read('messages.json') as MessageFixture[];
}

export function batchFixtures(): BatchFixture[] {
  return read('batches.json') as BatchFixture[];
}
