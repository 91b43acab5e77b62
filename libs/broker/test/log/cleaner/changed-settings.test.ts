import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInLog, newLog, open, put } from '../fixture.js';

test('a changed backoff ends the sleep under way and counts from then on', async () => {
  let backoffMs = 3_600_000;
  const world = await open(
    { cleanupPolicy: new Set(['compact'] as const), segmentMs: 1_000, minCleanableDirtyRatio: 0 },
    { cleanerBackoffMs: () => backoffMs },
  );
  await world.clock.advanceAsync(0);
  const log = newLog(world);
  const supersede = async (value: string): Promise<void> => {
    await put(world, log, 'user', value);
    await put(world, log, 'user', 'other');
    await world.clock.advanceAsync(1_001);
    await put(world, log, 'nudge', 'x');
  };
  await supersede('SECRET-ONE');
  await world.clock.advanceAsync(60_000);
  assert.equal(isInLog(world, 'SECRET-ONE'), true);
  backoffMs = 7_000;
  world.logs.cleanerChanged();
  await world.clock.advanceAsync(0);
  assert.equal(isInLog(world, 'SECRET-ONE'), false);

  await supersede('SECRET-TWO');
  await world.clock.advanceAsync(5_900);
  assert.equal(isInLog(world, 'SECRET-TWO'), true);
  await world.clock.advanceAsync(200);
  assert.equal(isInLog(world, 'SECRET-TWO'), false);
});
