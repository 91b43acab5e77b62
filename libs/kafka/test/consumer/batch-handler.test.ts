import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EachBatchPayload } from 'kafkajs';
import { ManualClock } from '@oubliette/runtime/testing';
import { backoffMs, BatchHandler } from '../../src/consumer/batch-handler.js';
import { silentLogger, type LogFields } from '../../src/logger.js';
import type { RecordBatch } from '../../src/ports.js';

interface Scene {
  readonly clock: ManualClock;
  readonly handler: BatchHandler;
  readonly log: string[];
  readonly warnings: LogFields[];
  payload(offsets: readonly number[], state?: { running?: boolean; stale?: boolean }): EachBatchPayload;
  commitError: Error | null;
  heartbeatError: Error | null;
}

function scene(onBatch: (batch: RecordBatch) => Promise<void>): Scene {
  const clock = new ManualClock();
  const log: string[] = [];
  const warnings: LogFields[] = [];
  const handler = new BatchHandler({
    groupId: 'g',
    onBatch,
    onCommitted: (topic, partition) => log.push(`committed ${topic}-${partition}`),
    heartbeatMs: 1_000,
    clock,
    logger: { ...silentLogger, warn: (_, fields = {}) => warnings.push(fields) },
  });
  const made: Scene = {
    clock,
    handler,
    log,
    warnings,
    commitError: null,
    heartbeatError: null,
    payload: (offsets, { running = true, stale = false } = {}) => {
      const last = offsets.at(-1) ?? 0;
      const payload = {
        batch: {
          topic: 't',
          partition: 2,
          highWatermark: '100',
          messages: offsets.map((offset) => ({
            offset: `${offset}`,
            timestamp: '1700000000000',
            key: null,
            value: Buffer.from('v'),
            headers: {},
          })),
          firstOffset: () => `${offsets[0] ?? 0}`,
          // A control record stands behind the last message.
          lastOffset: () => `${last + 1}`,
        },
        isRunning: () => running,
        isStale: () => stale,
        resolveOffset: (offset: string) => log.push(`resolved ${offset}`),
        commitOffsetsIfNecessary: (offsets: unknown) => {
          log.push(`commit ${JSON.stringify(offsets)}`);
          return made.commitError === null ? Promise.resolve() : Promise.reject(made.commitError);
        },
        heartbeat: () => {
          log.push('heartbeat');
          return made.heartbeatError === null ? Promise.resolve() : Promise.reject(made.heartbeatError);
        },
        pause: () => {
          log.push('pause');
          return () => log.push('resume');
        },
      };
      return payload as unknown as EachBatchPayload;
    },
  };
  return made;
}

test('the handler comes first, then the commit behind the control record, then the position', async () => {
  const batches: RecordBatch[] = [];
  const { handler, payload, log } = scene((batch) => {
    log.push('handled');
    batches.push(batch);
    return Promise.resolve();
  });
  await handler.handle(payload([5, 7]));
  assert.deepEqual(log, [
    'handled',
    'commit {"topics":[{"topic":"t","partitions":[{"partition":2,"offset":"9"}]}]}',
    'resolved 7',
    'committed t-2',
  ]);
  assert.equal(batches[0]?.highWatermark, 100n);
  assert.deepEqual(
    batches[0]?.records.map(({ offset }) => offset),
    [5n, 7n],
  );
});

test('a failing handler pauses its partition, moves nothing, and waits longer every time', async () => {
  const { handler, payload, log, clock, warnings } = scene(() =>
    Promise.reject(new Error('secret@example.org')),
  );
  await handler.handle(payload([5]));
  assert.deepEqual(log, ['pause']);
  await clock.advanceAsync(99);
  assert.deepEqual(log, ['pause']);
  await clock.advanceAsync(1);
  assert.deepEqual(log, ['pause', 'resume']);
  await handler.handle(payload([5]));
  await clock.advanceAsync(199);
  assert.equal(log.length, 3);
  await clock.advanceAsync(1);
  assert.equal(log.length, 4);
  assert.deepEqual(
    warnings.map(({ failures, retryInMs, error }) => ({ failures, retryInMs, error })),
    [
      { failures: 1, retryInMs: 100, error: 'Error' },
      { failures: 2, retryInMs: 200, error: 'Error' },
    ],
  );
  assert.ok(!JSON.stringify(warnings).includes('secret'), "the error's message may quote the record");
});

test('a success forgets earlier failures', async () => {
  let fail = true;
  const { handler, payload, warnings, clock } = scene(() =>
    fail ? Promise.reject(new Error('x')) : Promise.resolve(),
  );
  await handler.handle(payload([1]));
  fail = false;
  await handler.handle(payload([1]));
  fail = true;
  await handler.handle(payload([2]));
  assert.deepEqual(
    warnings.map(({ failures }) => failures),
    [1, 1],
  );
  handler.close();
  assert.equal(clock.pending, 0);
});

test('heartbeats go out while the handler runs, and stop with it', async () => {
  let finish: () => void = () => undefined;
  const { handler, payload, log, clock } = scene(() => new Promise((resolve) => (finish = resolve)));
  const handling = handler.handle(payload([1]));
  await clock.advanceAsync(3_500);
  assert.deepEqual(log, ['heartbeat', 'heartbeat', 'heartbeat']);
  finish();
  await handling;
  await clock.advanceAsync(5_000);
  assert.equal(log.filter((line) => line === 'heartbeat').length, 3);
  assert.equal(clock.pending, 0);
});

test('a refused heartbeat ends the beating; the commit shows what became of the membership', async () => {
  let finish: () => void = () => undefined;
  const made = scene(() => new Promise((resolve) => (finish = resolve)));
  made.heartbeatError = new Error('rebalancing');
  made.commitError = new Error('not a member');
  const handling = made.handler.handle(made.payload([1]));
  await made.clock.advanceAsync(5_000);
  assert.deepEqual(made.log, ['heartbeat']);
  finish();
  await assert.rejects(handling, /not a member/);
  assert.ok(!made.log.some((line) => line.startsWith('resolved')), 'the batch comes again');
});

test('a batch of a consumer that stops, or from before a seek, is left alone', async () => {
  let calls = 0;
  const { handler, payload } = scene(() => Promise.resolve(void (calls += 1)));
  await handler.handle(payload([1], { running: false }));
  await handler.handle(payload([1], { stale: true }));
  assert.equal(calls, 0);
});

test('backoff doubles from 100 ms to 30 s', () => {
  assert.deepEqual([1, 2, 3, 9, 10, 1_000].map(backoffMs), [100, 200, 400, 25_600, 30_000, 30_000]);
});
