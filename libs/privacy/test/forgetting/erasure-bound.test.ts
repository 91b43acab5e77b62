import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erasureBound } from '../../src/forgetting/erasure-bound.js';

const timings = {
  segmentMs: 2_000,
  maxCompactionLagMs: 2_000,
  deleteRetentionMs: 86_400_000,
  fileDeleteDelayMs: 1_000,
  cleanerBackoffMs: 500,
  minCleanableDirtyRatio: 0,
};

test('a term names the setting that is in force, of writers’ clocks too', () => {
  const ahead = (clock: { logAppendTime: boolean; timestampAfterMaxMs: number }) =>
    erasureBound({ ...timings, ...clock }).terms.find(({ name }) => name === 'timestamp ahead of the clock');
  const stamped = ahead({ logAppendTime: true, timestampAfterMaxMs: 0 });
  assert.deepEqual([stamped?.setting, stamped?.ms], ['message.timestamp.type=LogAppendTime', 0]);
  const dated = ahead({ logAppendTime: false, timestampAfterMaxMs: 3_600_000 });
  assert.deepEqual([dated?.setting, dated?.ms], ['message.timestamp.after.max.ms', 3_600_000]);
});
