import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch, files, newLog, open, readAll, reopen } from '../fixture.js';

const keys = 5;

test('a cleaning that dies at any rename, removal or sync of its swap loses no last value and is finished by the next start', async () => {
  let died = 0;
  let finished = 0;
  for (const operation of ['rename', 'remove', 'sync'] as const) {
    for (let nth = 1; nth <= 20; nth++) {
      const world = await open({
        cleanupPolicy: new Set(['compact'] as const),
        segmentBytes: 400,
        minCleanableDirtyRatio: 0,
        fileDeleteDelayMs: 0,
      });
      const log = newLog(world);
      for (let index = 0; index < 20; index++) {
        const pair = [`k${index % keys}`, `value-${index}`] as const;
        await (
          await log.append(batch([pair], world.clock.now()), { durable: true })
        ).durable;
      }
      let count = 0;
      // From the n-th on nothing works, as when the machine is about to go down.
      world.disk.fail({ operation, code: 'EIO', times: Infinity, path: () => ++count >= nth });
      await world.clock.advanceAsync(600);
      if (count >= nth) died++;
      const left = files(world);
      const next = await reopen(world, world.disk.crash(nth));
      if (left.some((name) => name.endsWith('.log.swap'))) finished++;
      const again = next.logs.get('events', 0);
      assert.ok(again);
      const rows = new Map((await readAll(again)).map((row) => [row.key, row.value]));
      for (let key = 0; key < keys; key++) {
        assert.equal(rows.get(`k${key}`), `value-${20 - keys + key}`, `${operation} ${nth}: k${key}`);
      }
      assert.ok(
        files(next).every((name) => !/\.(cleaned|swap|deleted)$/.test(name)),
        files(next).join(),
      );
      await next.clock.advanceAsync(2_000);
      assert.ok((await readAll(again)).length < 20, `${operation} ${nth}: never cleaned`);
    }
  }
  assert.ok(died > 15 && finished > 3, `the runs prove little: ${died} died, ${finished} with a swap file`);
});
