import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, ByteReader, ByteWriter, decodeResponse } from '@oubliette/protocol';
import { ManualClock } from '@oubliette/runtime/testing';
import { fetch } from '../../src/handlers/fetch.js';
import type { RequestContext } from '../../src/server/api-handler.js';
import { AnswerBuffers, ReadBuffers } from '../../src/server/read-buffers.js';
import { AnswerAccount, AnswerBudget } from '../../src/server/answer-budget.js';
import { DelayedQueue } from '../../src/server/delayed-queue.js';

const version = 11;

/** A log that has taken a record in, whose sync is under way: its size counts the record, its high watermark does not yet. */
class SyncingLog {
  readonly logStartOffset = 0n;
  readonly logEndOffset = 1n;
  readonly sizeBytes = 70;
  highWatermark = 0n;

  get lastStableOffset(): bigint {
    return this.highWatermark;
  }

  readonly #listeners = new Set<(bytes: number) => void>();

  onAppend(listener: (bytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  read(): Promise<object> {
    const { highWatermark } = this;
    const bounds = {
      highWatermark,
      lastStableOffset: highWatermark,
      logStartOffset: 0n,
      abortedTransactions: null,
    };
    return Promise.resolve({ records: new Uint8Array(70), ...bounds });
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  publish(): void {
    this.highWatermark = 1n;
    for (const listener of this.#listeners) listener(70);
  }
}

function ask(
  log: SyncingLog,
  clock: ManualClock,
  gone = new AbortController().signal,
  budget = new AnswerBudget(),
  minBytes = 1,
  times = 1,
): Promise<Uint8Array[] | null> {
  const writer = new ByteWriter();
  apis.fetch.request.encode(version, writer, {
    replicaId: -1,
    maxWaitMs: 500,
    minBytes,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: 'events',
        partitions: Array.from({ length: times }, () => ({
          partition: 0,
          currentLeaderEpoch: -1,
          fetchOffset: 0n,
          partitionMaxBytes: 1_000_000,
        })),
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  });
  const broker = {
    clock,
    delayed: new DelayedQueue(clock),
    config: { number: () => 50_000_000 },
    topics: { log: () => log },
  };
  const context = {
    broker,
    version,
    client: {},
    gone,
    answers: new AnswerAccount(budget, { now: () => 0, giveWay: () => undefined }),
    buffers: new AnswerBuffers(new ReadBuffers()),
    served: [],
  } as unknown as RequestContext;
  const frame = { version, correlationId: 1, reader: new ByteReader(writer.finish()) };
  return fetch.serve(frame, context, new ByteWriter());
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('a fetch that waits while a sync is under way is answered when the record can be read', async () => {
  const log = new SyncingLog();
  let answered = false;
  const answer = ask(log, new ManualClock()).then(() => (answered = true));
  await turns();
  assert.equal(answered, false);
  log.publish();
  await turns();
  assert.equal(answered, true, 'without waiting out maxWaitMs');
  await answer;
});

test('a fetch that finds nothing is answered when its time is over', async () => {
  const clock = new ManualClock();
  let answered = false;
  const answer = ask(new SyncingLog(), clock).then(() => (answered = true));
  await turns();
  clock.advance(490);
  await turns();
  assert.equal(answered, false);
  clock.advance(20);
  await answer;
});

test('a fetch that waits ends when its client is gone, and watches nothing any more', async () => {
  const log = new SyncingLog();
  const client = new AbortController();
  let answered = false;
  const answer = ask(log, new ManualClock(), client.signal).then(() => (answered = true));
  await turns();
  assert.deepEqual([answered, log.watchers], [false, 1]);
  client.abort();
  await turns();
  assert.deepEqual([answered, log.watchers], [true, 0]);
  await answer;
  await ask(log, new ManualClock(), client.signal);
});

function readable(): SyncingLog {
  const log = new SyncingLog();
  log.publish();
  return log;
}

function recordsOf(parts: Uint8Array[] | null): number | undefined {
  const { body } = decodeResponse(apis.fetch, version, Buffer.concat(parts ?? []).subarray(4));
  return body.responses[0]?.partitions[0]?.records?.length;
}

test('a fetch waits for its part of what all answers may hold, and is answered when there is some', async () => {
  const budget = new AnswerBudget(1_000_000);
  const others = new AnswerAccount(budget, { now: () => 0, giveWay: () => undefined });
  others.adjust(1_000_000);
  let answered = false;
  const answer = ask(readable(), new ManualClock(), undefined, budget).then((parts) => {
    answered = true;
    return parts;
  });
  await turns();
  assert.equal(answered, false);
  others.sent(0);
  await turns();
  assert.equal(answered, true);
  assert.equal(recordsOf(await answer), 70);
  assert.equal(budget.heldBytes, 70, 'until they are sent');
});

test('a fetch that gets no part in its time answers one batch all the same, unless that was done too often', async () => {
  for (const [held, records] of [
    [1_000_000, 70],
    [2_000_000, 0],
  ] as const) {
    const budget = new AnswerBudget(1_000_000);
    new AnswerAccount(budget, { now: () => 0, giveWay: () => undefined }).adjust(held);
    const clock = new ManualClock();
    const answer = ask(readable(), clock, undefined, budget);
    await turns();
    clock.advance(510);
    assert.equal(recordsOf(await answer), records);
    assert.equal(budget.heldBytes, held + records);
  }
});

test('a fetch that waits for more bytes holds nothing of what it found', async () => {
  const budget = new AnswerBudget(1_000_000);
  const clock = new ManualClock();
  const answer = ask(readable(), clock, undefined, budget, 100);
  await turns();
  assert.equal(budget.heldBytes, 0);
  clock.advance(510);
  assert.equal(recordsOf(await answer), 70);
  assert.equal(budget.heldBytes, 70);
});

test('a partition that a fetch names twice is answered once', async () => {
  const parts = await ask(readable(), new ManualClock(), undefined, undefined, 1, 2);
  const { body } = decodeResponse(apis.fetch, version, Buffer.concat(parts ?? []).subarray(4));
  assert.deepEqual(
    body.responses.map(({ topic, partitions }) => [topic, partitions.length]),
    [['events', 1]],
  );
});
