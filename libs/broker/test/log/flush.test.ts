import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch, newLog, open, readAll, reopen } from './fixture.js';

/** How many of five records, appended with acks=1, stand after a power cut, for each of some seeds. */
async function survivors(flushMessages: number): Promise<number[]> {
  const counts: number[] = [];
  for (let seed = 1; seed <= 20; seed++) {
    const world = await open({ flushMessages });
    const log = newLog(world);
    for (let index = 0; index < 5; index++) await log.append(batch([[`k${index}`, 'v']]), { durable: false });
    const after = await reopen(world, world.disk.crash(seed));
    const found = after.logs.get('events', 0);
    counts.push(found === undefined ? 0 : (await readAll(found)).length);
    await after.logs.close();
  }
  return counts;
}

test('flush.messages: after so many records the log is synced before the producer is answered, whatever its acks', async () => {
  assert.ok(Math.min(...(await survivors(1))) === 5);
  assert.ok(Math.min(...(await survivors(2))) >= 4);
  assert.ok(
    Math.min(...(await survivors(Number.MAX_SAFE_INTEGER))) < 4,
    'the power cut loses nothing at all',
  );
});
