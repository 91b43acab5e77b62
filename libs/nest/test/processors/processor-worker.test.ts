import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, type OutgoingRecord, type ReceivedRecord } from '@oubliette/kafka';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { ErasureMessages, type ProcessorAnswer } from '@oubliette/privacy';
import { ManualClock } from '@oubliette/runtime/testing';
import { ProcessorWorker } from '../../src/processors/processor-worker.js';

const topic = 'oubliette.keys.erasures';
const first = '0b8f1d7e-0000-4000-8000-000000000001';
const second = '0b8f1d7e-0000-4000-8000-000000000002';

/** The processor `crm`; `busy` has the erasures that it is not done with. */
async function stage() {
  const clock = new ManualClock();
  const keyring = await openTestKeyring({ clock });
  const messages = new ErasureMessages({ topic, keyring, logger: silentLogger });
  const called: string[] = [];
  const sent: string[] = [];
  const busy = new Set<string>();
  const call = ({ erasureId }: { erasureId: string }): ProcessorAnswer => {
    called.push(erasureId);
    if (busy.has(erasureId)) throw new Error('not yet');
    return { outcome: 'erased', proof: 'row 7' };
  };
  const worker = new ProcessorWorker(
    { name: 'crm', place: 'Crm.erase', groupId: 'g', call },
    {
      messages,
      clock,
      logger: { warn: () => undefined },
      producer: {
        send: (records) => {
          sent.push(...records.map(({ key }) => Buffer.from(key ?? []).toString()));
          return Promise.resolve();
        },
      },
    },
  );
  const question = (erasureId: string, processors = ['crm']): OutgoingRecord =>
    messages.question({
      erasureId,
      userRef: keyring.userRef('ann'),
      lifecycle: 1,
      requestedAt: 1,
      deadline: 2,
      processors,
    });
  /** The records as one batch, from offset 0 on. */
  const batch = (records: readonly OutgoingRecord[]) =>
    worker.onBatch({
      topic,
      partition: 0,
      highWatermark: BigInt(records.length),
      records: records.map((record, offset) => received(record, BigInt(offset))),
    });
  return { clock, messages, called, sent, busy, question, batch };
}

function received({ key, value }: OutgoingRecord, offset: bigint): ReceivedRecord {
  const bytes = (given: OutgoingRecord['key']) =>
    given === null || given === undefined ? null : Buffer.from(given);
  return { topic, partition: 0, offset, timestamp: 0, key: bytes(key), value: bytes(value), headers: {} };
}

test('a question that was taken out behind it in the batch is not put', async () => {
  const { messages, called, question, batch } = await stage();
  await batch([question(first), ...messages.settled(first, ['crm']), question(second)]);
  assert.deepEqual(called, [second]);
});

test('a question that a later one no longer puts to this processor is not put', async () => {
  const { called, question, batch } = await stage();
  await batch([question(first, ['billing', 'crm']), question(second), question(first, ['billing'])]);
  assert.deepEqual(called, [second]);
});

test('who answered is not asked again while another erasure holds up the batch, but for a reminder', async () => {
  const { clock, called, sent, busy, question, batch } = await stage();
  busy.add(second);
  const questions = [question(first), question(second)];
  await assert.rejects(batch(questions), { code: 'HANDLER_FAILED' });
  clock.advance(2_000);
  await assert.rejects(batch(questions), { code: 'HANDLER_FAILED' });
  assert.deepEqual(called, [first, second, second]);
  busy.delete(second);
  clock.advance(3_600_000);
  await batch([...questions, question(first)]);
  assert.deepEqual(called, [first, second, second, first, second]);
  assert.deepEqual(sent, [`${first}/crm`, `${first}/crm`, `${second}/crm`]);
});
