import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { askPatiently } from '../../src/admin/patience.js';
import { KafkaClientError } from '../../src/errors.js';

const away = new KafkaClientError('KAFKA_UNAVAILABLE', 'away', { retriable: true });
const never = new AbortController().signal;

function asking(
  failures: number,
  error: unknown = away,
): { ask: () => Promise<string>; asked: () => number } {
  let asked = 0;
  const ask = () => (++asked > failures ? Promise.resolve('answer') : Promise.reject(error));
  return { ask, asked: () => asked };
}

test('what is retriable is asked again after a pause', async () => {
  const clock = new ManualClock();
  const { ask, asked } = asking(2);
  const answer = askPatiently(clock, never, ask);
  await clock.advanceAsync(249);
  assert.equal(asked(), 1);
  await clock.advanceAsync(251);
  assert.equal(await answer, 'answer');
  assert.equal(asked(), 3);
});

test('an outage is told after 15 s', async () => {
  const clock = new ManualClock();
  const { ask, asked } = asking(Infinity);
  const told = assert.rejects(askPatiently(clock, never, ask), away);
  await clock.advanceAsync(15_000);
  await told;
  assert.equal(asked(), 61);
  assert.equal(clock.pending, 0);
});

test('a refusal is told at once', async () => {
  const { ask, asked } = asking(1, new KafkaClientError('KAFKA_REFUSED', 'no'));
  await assert.rejects(askPatiently(new ManualClock(), never, ask), { code: 'KAFKA_REFUSED' });
  assert.equal(asked(), 1);
});

test('closing ends the pause', async () => {
  const clock = new ManualClock();
  const closing = new AbortController();
  const { ask, asked } = asking(Infinity);
  const told = assert.rejects(askPatiently(clock, closing.signal, ask));
  await clock.advanceAsync(10);
  closing.abort();
  await told;
  assert.equal(asked(), 1);
  assert.equal(clock.pending, 0);
});
