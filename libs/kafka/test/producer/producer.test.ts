import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { KafkaClientError } from '../../src/errors.js';
import { silentLogger } from '../../src/logger.js';
import type { OutgoingRecord } from '../../src/ports.js';
import { QueueingProducer, type ProducerOptions } from '../../src/producer/producer.js';
import type { ProduceTransport } from '../../src/producer/transport.js';

const record = (value: string, topic = 'there'): OutgoingRecord => ({
  topic,
  key: null,
  value: new TextEncoder().encode(value),
});
const values = (records: readonly OutgoingRecord[]): string[] =>
  records.map(({ value }) => new TextDecoder().decode(value ?? undefined));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Holds every request until the test answers it. */
class HeldTransport implements ProduceTransport {
  readonly requests: { values: string[]; answer: (error?: Error) => void }[] = [];
  existing = ['there'];
  lookups = 0;
  closed = false;

  send(records: readonly OutgoingRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const answer = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.requests.push({ values: values(records), answer });
    });
  }

  topics(): Promise<readonly string[]> {
    this.lookups += 1;
    return Promise.resolve(this.existing);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function setUp(options: ProducerOptions = {}): {
  transport: HeldTransport;
  producer: QueueingProducer;
  clock: ManualClock;
} {
  const transport = new HeldTransport();
  const clock = new ManualClock();
  return { transport, clock, producer: new QueueingProducer(transport, clock, silentLogger, options) };
}

async function answerAll(transport: HeldTransport): Promise<void> {
  for (let answered = 0; ; answered += 1) {
    await turn();
    const request = transport.requests[answered];
    if (request === undefined) return;
    request.answer();
  }
}

test('what comes while a request is under way goes out together as the next, in order', async () => {
  const { transport, producer } = setUp();
  const sends = [producer.send([record('1')])];
  await turn();
  sends.push(producer.send([record('2'), record('3')]), producer.send([record('4')]));
  await turn();
  assert.deepEqual(
    transport.requests.map((request) => request.values),
    [['1']],
  );
  await answerAll(transport);
  await Promise.all(sends);
  assert.deepEqual(
    transport.requests.map((request) => request.values),
    [['1'], ['2', '3', '4']],
  );
});

test('send resolves with its own request, not before', async () => {
  const { transport, producer } = setUp();
  let done = false;
  const sending = producer.send([record('1')]).then(() => (done = true));
  await turn();
  assert.equal(done, false);
  transport.requests[0]?.answer();
  await sending;
});

test('enqueued records wait for company, and go before a later send', async () => {
  const { transport, producer, clock } = setUp({ lingerMs: 5 });
  producer.enqueue(record('1'));
  producer.enqueue(record('2'));
  await clock.advanceAsync(4);
  assert.equal(transport.requests.length, 0);
  await clock.advanceAsync(1);
  assert.deepEqual(transport.requests[0]?.values, ['1', '2']);
  transport.requests[0]?.answer();
  producer.enqueue(record('3'));
  const sending = producer.send([record('4')]);
  await turn();
  assert.deepEqual(transport.requests[1]?.values, ['3', '4']);
  transport.requests[1]?.answer();
  await sending;
  assert.equal(clock.pending, 0);
});

test('flush waits for what is enqueued and under way; close flushes and closes the transport', async () => {
  const { transport, producer } = setUp();
  producer.enqueue(record('1'));
  let flushed = false;
  const flushing = producer.flush().then(() => (flushed = true));
  await turn();
  assert.equal(flushed, false);
  transport.requests[0]?.answer();
  await flushing;
  await producer.close();
  assert.ok(transport.closed);
  await assert.rejects(producer.send([record('2')]), { code: 'PRODUCER_CLOSED' });
  assert.throws(() => producer.enqueue(record('2')), { code: 'PRODUCER_CLOSED' });
});

test('a full queue refuses at once and takes records again when it has drained', async () => {
  const { transport, producer } = setUp({ maxQueuedBytes: 2_000 });
  const large = record('x'.repeat(1_500));
  const sends = [producer.send([large])];
  await turn();
  sends.push(producer.send([large]));
  assert.throws(() => producer.enqueue(large), { code: 'PRODUCER_QUEUE_FULL', retriable: true });
  await assert.rejects(producer.send([large]), { code: 'PRODUCER_QUEUE_FULL' });
  await answerAll(transport);
  await Promise.all(sends);
  producer.enqueue(large);
});

test("one caller's refused record does not fail the others'", async () => {
  const { transport, producer } = setUp();
  const first = producer.send([record('0')]);
  await turn();
  const sends = ['1', 'bad', '3'].map((value) => producer.send([record(value)]));
  const outcome = Promise.allSettled(sends);
  transport.requests[0]?.answer();
  await first;
  const refused = Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE', retriable: false });
  for (let answered = 1; answered < 5; answered += 1) {
    await turn();
    const request = transport.requests[answered];
    request?.answer(request.values.includes('bad') ? refused : undefined);
  }
  assert.deepEqual(
    (await outcome).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  await assert.rejects(sends[1] ?? Promise.resolve(), {
    code: 'KAFKA_REFUSED',
    message: /MESSAGE_TOO_LARGE/,
  });
});

test('an outage fails all callers of the request once, as retriable, without a try for each', async () => {
  const { transport, producer } = setUp();
  const held = producer.send([record('0')]);
  await turn();
  const sends = Promise.allSettled([producer.send([record('1')]), producer.send([record('2')])]);
  transport.requests[0]?.answer();
  await held;
  await turn();
  transport.requests[1]?.answer(Object.assign(new Error('connection'), { retriable: true }));
  for (const result of await sends) {
    const reason: unknown = result.status === 'rejected' ? result.reason : null;
    assert.ok(reason instanceof KafkaClientError && reason.retriable && reason.code === 'KAFKA_UNAVAILABLE');
  }
  assert.equal(transport.requests.length, 2);
});

test('a missing topic is looked for a few times, then refused; known topics are not looked up again', async () => {
  const { transport, producer, clock } = setUp();
  const bad = assert.rejects(producer.send([record('1', 'missing')]), { code: 'TOPIC_MISSING' });
  await clock.advanceAsync(1_000);
  await bad;
  assert.equal(transport.lookups, 5);
  assert.equal(transport.requests.length, 0);
  const good = producer.send([record('2')]);
  await answerAll(transport);
  await good;
  const again = producer.send([record('3')]);
  await turn();
  transport.requests[1]?.answer();
  await again;
  assert.equal(transport.lookups, 6);
});

test('a topic that appears while it is looked for is produced to', async () => {
  const { transport, producer, clock } = setUp();
  const sending = producer.send([record('1', 'late')]);
  await clock.advanceAsync(300);
  transport.existing = ['late'];
  await clock.advanceAsync(200);
  transport.requests[0]?.answer();
  await sending;
});

test('a failure of enqueued records reaches onError with the records', async () => {
  const failures: { code: string; values: string[] }[] = [];
  const { transport, producer, clock } = setUp({
    onError: (error, records) => failures.push({ code: error.code, values: values(records) }),
  });
  producer.enqueue(record('1'));
  await clock.advanceAsync(5);
  transport.requests[0]?.answer(Object.assign(new Error('no'), { type: 'INVALID_RECORD', retriable: false }));
  await producer.flush();
  await turn();
  assert.deepEqual(failures, [{ code: 'KAFKA_REFUSED', values: ['1'] }]);
});
