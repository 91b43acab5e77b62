import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecord, ReceivedRecord } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import type { ProcessorAnswer } from '../../src/processors/acknowledgement.js';
import { checkAnswer, checkProcessors } from '../../src/processors/check-answer.js';
import {
  answerRecord,
  questionRecord,
  readAnswer,
  readQuestion,
  settledRecords,
} from '../../src/processors/erasure-messages.js';
import { MOST_ASKS, nextAskAt } from '../../src/processors/reminder-schedule.js';

const hour = 3_600_000;
const day = 24 * hour;
const userRef = 'ab'.repeat(16) as UserRef;
const question = {
  erasureId: 'e-1',
  userRef,
  lifecycle: 2,
  requestedAt: 5,
  deadline: 50,
  processors: ['crm'],
};

function received({ topic, key, value }: OutgoingRecord): ReceivedRecord {
  return { topic, key, value, partition: 0, offset: 0n, timestamp: 1, headers: {} };
}

test('a question and an answer come out as they went in, and neither is taken for the other', () => {
  const asked = received(questionRecord('t', question));
  assert.deepEqual(readQuestion(asked), question);
  assert.equal(readAnswer(asked), null);
  const answers: ProcessorAnswer[] = [
    { outcome: 'erased', proof: 'ticket 12' },
    { outcome: 'refused', reason: 'legal-claims' },
    { outcome: 'refused', reason: 'public-health', note: 'register 4' },
  ];
  for (const answer of answers) {
    const given = received(answerRecord('t', { erasureId: 'e-1', processor: 'crm', answer }));
    assert.deepEqual(readAnswer(given), { erasureId: 'e-1', processor: 'crm', answer });
    assert.equal(readQuestion(given), null);
  }
  for (const gone of settledRecords('t', 'e-1', ['crm']).map(received)) {
    assert.equal(readQuestion(gone), null);
    assert.equal(readAnswer(gone), null);
  }
});

test('what somebody else wrote into the topic is refused, and not repeated in the message', () => {
  const texts = ['{', 'null', '"x"', '{"erasureId":"ada@example.org"}', '[]'];
  for (const text of texts) {
    const value = Buffer.from(text);
    const wrong = { code: 'ANSWER_INVALID', message: /^(?!.*ada)/ };
    assert.throws(() => readQuestion({ ...received(questionRecord('t', question)), value }), wrong);
    assert.throws(
      () => readAnswer({ ...received(questionRecord('t', question)), key: Buffer.from('e-1/crm'), value }),
      wrong,
    );
  }
  const other = { ...received(questionRecord('t', question)), key: Buffer.from('e-2') };
  assert.throws(() => readQuestion(other), { code: 'ANSWER_INVALID' });
});

test('an answer is one of two, in words that name nobody', () => {
  const bad: unknown[] = [
    undefined,
    null,
    {},
    { outcome: 'erased' },
    { outcome: 'gone', proof: 'x' },
    { outcome: 'refused', reason: 'too much work' },
    { outcome: 'refused', reason: 'legal-claims', note: 7 },
  ];
  for (const answer of bad)
    assert.throws(() => checkAnswer(answer as ProcessorAnswer), { code: 'ANSWER_INVALID' });
  for (const text of ['', 'ada@example.org', `of ${userRef}`, 'x'.repeat(201)]) {
    assert.throws(() => checkAnswer({ outcome: 'erased', proof: text }, userRef), { code: 'REASON_INVALID' });
    assert.throws(() => checkAnswer({ outcome: 'refused', reason: 'legal-claims', note: text }, userRef), {
      code: 'REASON_INVALID',
    });
  }
});

test('names of processors are short, plain, and each there once', () => {
  assert.deepEqual(checkProcessors(['crm', 'mailing.eu-1', 'x']), ['crm', 'mailing.eu-1', 'x']);
  const many = Array.from({ length: 101 }, (_, index) => `p${index}`);
  for (const names of [[''], ['CRM'], ['a/b'], ['-a'], ['a.'], ['x'.repeat(65)], ['crm', 'crm'], many])
    assert.throws(() => checkProcessors(names), { code: 'PROCESSOR_INVALID' });
});

test('who does not answer is asked after an hour, a day, then daily, and as the last day begins; not for ever', () => {
  const deadline = 10.5 * day;
  const times = [0];
  for (let asks = 1; times.length < 15; asks++)
    times.push(nextAskAt(asks, times.at(-1) ?? 0, deadline) ?? Number.NaN);
  assert.deepEqual(times, [
    0,
    hour,
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((days) => days * day),
    ...[9.5, 10.5, 11.5, 12.5].map((days) => days * day),
  ]);
  assert.equal(nextAskAt(MOST_ASKS, 0, deadline), null);
  assert.notEqual(nextAskAt(MOST_ASKS - 1, 0, deadline), null);
});
