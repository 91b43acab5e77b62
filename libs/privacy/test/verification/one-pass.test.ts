import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskFile } from '@oubliette/runtime';
import { verifyFiles } from '../../src/index.js';
import { KEY_TOPIC, LogDirFixture, batch, keyRecord, refOf, stem, tombstone } from './log-fixture.js';

/** Counts what is read of each file. */
function counting(fixture: LogDirFixture): Map<string, { bytes: number; reads: number }> {
  const counts = new Map<string, { bytes: number; reads: number }>();
  const { disk } = fixture;
  const open = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions): DiskFile => {
    const file = open(path, mode, permissions);
    const readSync = file.readSync.bind(file);
    // `read` of a simulated file goes this way too.
    file.readSync = (...args) => {
      const count = readSync(...args);
      const { bytes, reads } = counts.get(path) ?? { bytes: 0, reads: 0 };
      counts.set(path, { bytes: bytes + count, reads: reads + 1 });
      return count;
    };
    return file;
  };
  return counts;
}

test('each segment is read once a pass, not once a user: 10,000 users cost the reads of one', async () => {
  const make = (): LogDirFixture => {
    const fixture = new LogDirFixture();
    let offset = 0;
    for (let segment = 0; segment < 5; segment++) {
      const from = offset;
      const batches: Buffer[] = [];
      for (let part = 0; part < 20; part++) {
        const users = Array.from({ length: 100 }, (_, index) => offset + index);
        // Of every tenth the key still stands.
        const pairs = users.map((user) => (user % 10 === 0 ? keyRecord(user) : tombstone(user)));
        batches.push(batch(offset, pairs, part % 2 === 0 ? 'none' : 'zstd'));
        offset += pairs.length;
      }
      fixture.write(`keys-0/${stem(from)}.log`, ...batches);
      fixture.write(`keys-0/${stem(from)}.index`, Buffer.alloc(800));
    }
    return fixture;
  };
  const ask = async (count: number) => {
    const fixture = make();
    const sizes = new Map(
      fixture.disk.listSync('/logs/keys-0').map(({ name }) => {
        const path = `/logs/keys-0/${name}`;
        return [path, fixture.disk.statSync(path).size];
      }),
    );
    const reads = counting(fixture);
    const users = Array.from({ length: count }, (_, user) => ({ userRef: refOf(user), lifecycle: 1 }));
    const report = await verifyFiles(fixture.disk, { logDirs: ['/logs'], keyTopic: KEY_TOPIC }, { users });
    return { report, reads, sizes };
  };
  const one = await ask(1);
  const many = await ask(10_000);
  assert.deepEqual([one.report.usersWithKeys.length, many.report.usersWithKeys.length], [1, 1_000]);
  assert.equal(many.report.tombstones, 9_000);
  assert.deepEqual(many.reads, one.reads);
  for (const [path, size] of many.sizes) assert.equal(many.reads.get(path)?.bytes, size, path);
});
