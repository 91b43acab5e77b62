import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, newLog, open, put } from './fixture.js';

const offsetEntryBytes = 8;
const timeEntryBytes = 12;

test('segment.index.bytes: a segment rolls when an index of it holds no further entry', async () => {
  // Each record makes an entry of both indexes but the first; the time index keeps room for the one of the roll itself.
  for (const entries of [2, 4]) {
    const world = await open({
      segmentIndexBytes: entries * timeEntryBytes,
      indexIntervalBytes: 0,
      retentionMs: -1,
    });
    const log = newLog(world);
    for (let index = 0; index < 20; index++) {
      await put(world, log, `k${index}`, 'v');
      await world.clock.advanceAsync(1);
    }
    await world.logs.close();
    const sealed = files(world)
      .filter((name) => name.endsWith('.log'))
      .slice(0, -1)
      .map((name) => name.replace(/log$/, ''));
    assert.ok(sealed.length >= 3, `${entries} entries: ${sealed.length} sealed segments`);
    for (const name of sealed) {
      const size = (kind: string): number => world.disk.readFileSync(`/data/events-0/${name}${kind}`).length;
      assert.ok(size('timeindex') <= entries * timeEntryBytes, `${name}timeindex`);
      assert.ok(size('index') <= entries * timeEntryBytes - offsetEntryBytes, `${name}index`);
    }
  }
});
