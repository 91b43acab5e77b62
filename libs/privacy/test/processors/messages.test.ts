import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecord, ReceivedRecord } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import { openTestKeyring } from '@oubliette/keyring/testing';
import type { LogFields } from '../../src/logger.js';
import type { ProcessorAnswer } from '../../src/processors/acknowledgement.js';
import { checkAnswer, checkProcessors } from '../../src/processors/check-answer.js';
import { ErasureMessages } from '../../src/processors/erasure-messages.js';
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

/** Of a deployment of its own. */
async function stage() {
  const keyring = await openTestKeyring();
  const logged: LogFields[] = [];
  const logger = { error: (_: string, fields: LogFields = {}) => void logged.push(fields) };
  return { keyring, logged, messages: new ErasureMessages({ topic: 't', keyring, logger }) };
}

test('a question and an answer come out as they went in, and neither is taken for the other', async () => {
  const { messages, logged } = await stage();
  const asked = received(messages.question(question));
  assert.deepEqual(messages.questionIn(asked), question);
  assert.equal(messages.answerIn(asked), null);
  const answers: ProcessorAnswer[] = [
    { outcome: 'erased', proof: 'ticket 12' },
    { outcome: 'refused', reason: 'legal-claims' },
    { outcome: 'refused', reason: 'public-health', note: 'register 4' },
  ];
  for (const answer of answers) {
    const given = received(messages.answer({ erasureId: 'e-1', processor: 'crm', answer }));
    assert.deepEqual(messages.answerIn(given), { erasureId: 'e-1', processor: 'crm', answer });
    assert.equal(messages.questionIn(given), null);
  }
  for (const gone of messages.settled('e-1', ['crm']).map(received)) {
    assert.equal(messages.questionIn(gone), null);
    assert.equal(messages.answerIn(gone), null);
  }
  assert.deepEqual([messages.refused, logged], [0, []]);
});

test('who lacks the key of the deployment can neither ask nor answer, move a message nor change one', async () => {
  const { messages, logged } = await stage();
  const stranger = (await stage()).messages;
  const answer = { erasureId: 'e-1', processor: 'crm', answer: { outcome: 'erased', proof: 'x' } } as const;
  const [asked, given] = [received(messages.question(question)), received(messages.answer(answer))];
  const plain = Buffer.from('{"outcome":"erased","proof":"x"}');
  const flipped = Buffer.from(given.value ?? []);
  flipped[flipped.length - 3]! ^= 1;
  const forged: ReceivedRecord[] = [
    received(stranger.question(question)),
    received(stranger.answer(answer)),
    { ...given, value: plain },
    { ...given, value: Buffer.concat([Buffer.alloc(16), plain]) },
    { ...given, value: flipped },
    { ...given, value: Buffer.alloc(0) },
    { ...given, key: Buffer.from('e-2/crm') },
    { ...given, key: Buffer.from('e-1/billing') },
    { ...asked, key: Buffer.from('e-2') },
    // Under the deployment's own MAC, but of another kind.
    { ...given, key: Buffer.from('e-1') },
    { ...asked, key: Buffer.from('e-1/crm') },
  ];
  for (const record of forged)
    assert.deepEqual([messages.questionIn(record), messages.answerIn(record)], [null, null]);
  assert.equal(messages.refused, forged.length);
  // The first three, then at each doubling.
  assert.deepEqual(
    logged.map(({ refused, error }) => `${refused} ${error}`),
    [1, 2, 3, 6].map((refused) => `${refused} ERASURE_MESSAGE_UNAUTHENTIC`),
  );
});

test('the MAC is that of the specification', async () => {
  const { keyring, messages } = await stage();
  const macOf = (kind: string, key: string, json: Uint8Array) =>
    Buffer.from(keyring.authenticate(Buffer.from(`${kind}\n${key}\n${Buffer.from(json).toString()}`)));
  const [asked, given] = [
    messages.question(question),
    messages.answer({ erasureId: 'e-1', processor: 'crm', answer: { outcome: 'erased', proof: 'x' } }),
  ].map(({ value }) => Buffer.from(value ?? []));
  const [askedJson, givenJson] = [asked!.subarray(16), given!.subarray(16)];
  assert.deepEqual(asked!.subarray(0, 16), macOf('oubliette/erasure-question/v1', 'e-1', askedJson));
  assert.deepEqual(given!.subarray(0, 16), macOf('oubliette/erasure-answer/v1', 'e-1/crm', givenJson));
  assert.deepEqual(JSON.parse(givenJson.toString()), { outcome: 'erased', proof: 'x' });
});

test('a message of this deployment in another shape is refused too, and not repeated in the log', async () => {
  const { keyring, messages, logged } = await stage();
  const texts = ['{', 'null', '"x"', '{"erasureId":"ada@example.org"}', '[]'];
  for (const text of texts)
    for (const [kind, key] of [
      ['oubliette/erasure-question/v1', 'e-1'],
      ['oubliette/erasure-answer/v1', 'e-1/crm'],
    ]) {
      const mac = keyring.authenticate(Buffer.from(`${kind}\n${key}\n${text}`));
      const value = Buffer.concat([mac, Buffer.from(text)]);
      const record = { ...received({ topic: 't', key: Buffer.from(key!), value }) };
      assert.deepEqual([messages.questionIn(record), messages.answerIn(record)], [null, null]);
    }
  assert.equal(messages.refused, 2 * texts.length);
  assert.ok(logged.every(({ error }) => error === 'ANSWER_INVALID'));
  assert.ok(!JSON.stringify(logged).includes('ada'));
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
