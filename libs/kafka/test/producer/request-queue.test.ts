import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OutgoingRecord } from '../../src/ports.js';
import { bytesOf, cut, RequestQueue } from '../../src/producer/request-queue.js';

const sized = (bytes: number): OutgoingRecord => ({ topic: 't', key: null, value: new Uint8Array(bytes) });
const waiting = (bytes: number): { records: OutgoingRecord[]; bytes: number; settle: () => void } => ({
  records: [],
  bytes,
  settle: () => undefined,
});

test('a record counts with its key, value and headers in UTF-8', () => {
  const bare = bytesOf({ topic: 't', key: null, value: null });
  const full = bytesOf({ topic: 't', key: new Uint8Array(3), value: new Uint8Array(5), headers: { ä: 'ö' } });
  assert.ok(full - bare >= 3 + 5 + 2 + 2);
});

test('cut keeps all records in order, and no run of several is over the bound', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(500), { maxLength: 60 }),
      fc.integer({ min: 1, max: 900 }),
      (sizes, bound) => {
        const records = sizes.map(sized);
        const runs = cut(records, bound);
        assert.deepEqual(
          runs.flatMap((run) => run.records),
          records,
        );
        for (const run of runs) {
          assert.equal(
            run.bytes,
            run.records.reduce((sum, record) => sum + bytesOf(record), 0),
          );
          assert.ok(run.records.length === 1 || run.bytes <= bound);
        }
      },
    ),
  );
});

test('a request takes from the front what fits, and at least one entry', () => {
  const queue = new RequestQueue({ maxRequestBytes: 10, maxQueuedBytes: 100 });
  for (const bytes of [6, 4, 1, 25, 2]) queue.push(waiting(bytes));
  const sizes = (): number[] => queue.takeRequest().map((entry) => entry.bytes);
  assert.deepEqual(sizes(), [6, 4]);
  assert.deepEqual(sizes(), [1]);
  assert.deepEqual(sizes(), [25]);
  assert.deepEqual(sizes(), [2]);
  assert.deepEqual(sizes(), []);
  assert.equal(queue.bytes, 0);
});

test('the queue is bounded, but an empty one takes anything', () => {
  const queue = new RequestQueue({ maxRequestBytes: 10, maxQueuedBytes: 20 });
  assert.ok(queue.fits(1_000));
  queue.push(waiting(15));
  assert.ok(queue.fits(5));
  assert.ok(!queue.fits(6));
});
