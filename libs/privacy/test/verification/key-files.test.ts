import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SimulatedDisk } from '@oubliette/runtime/testing';
import { LogDirKeyFiles, type LogFields } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import { KEY_TOPIC, LogDirFixture, batch, keyRecord, refOf, stem, tombstone } from './log-fixture.js';

const never = new AbortController().signal;
const users = [1, 2].map((user) => ({ userRef: refOf(user), lifecycle: 1 }));

function staged(logDirs: readonly string[] = ['/logs'], disk = new SimulatedDisk()) {
  const fixture = new LogDirFixture(disk);
  const clock = new ManualClock();
  const warned: (LogFields | undefined)[] = [];
  const logger = { ...silentLogger, warn: (_: string, fields?: LogFields) => void warned.push(fields) };
  const files = new LogDirKeyFiles({ disk, clock, logger, keyTopic: KEY_TOPIC, logDirs });
  const look = (signal = never) => files.look(3, users, signal);
  /** Where one log directory is looked at. */
  const only = async () => (await look())[0]!;
  return { fixture, clock, warned, look, only };
}

test('what is read of the partition is said by its segments, and of another partition nothing', async () => {
  const { fixture, clock, only } = staged();
  const first = batch(0, [tombstone(1), keyRecord(9)]);
  const second = batch(7, [keyRecord(8)]);
  fixture.write(`keys-3/${stem(7)}.log`, second);
  fixture.write(`keys-3/${stem(0)}.log`, first);
  fixture.write(`keys-3/${stem(0)}.index`, Buffer.alloc(16));
  fixture.write(`keys-4/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  fixture.write(`other-3/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  const { pass, standing } = await only();
  assert.equal(standing.size, 0);
  assert.deepEqual(pass, {
    at: Math.floor(clock.now()),
    replica: 1,
    outcome: 'clean',
    files: 3,
    bytes: first.length + second.length + 16,
    segments: [
      { file: `keys-3/${stem(0)}.log`, bytes: first.length, records: 2 },
      { file: `keys-3/${stem(7)}.log`, bytes: second.length, records: 1 },
    ],
  });
});

test('whose key stands is said with the file, of each user', async () => {
  const { fixture, only } = staged();
  fixture.write(`keys-3/${stem(0)}.log`, batch(0, [tombstone(1), tombstone(2)]));
  fixture.write(`keys-3/${stem(0)}.log.deleted`, batch(0, [keyRecord(2)]));
  fixture.write(`keys-3/${stem(9)}.log`, batch(9, [keyRecord(1, 2)]));
  const { standing } = await only();
  // The key of user 1 is of the next lifecycle, and none of the erasure's.
  assert.deepEqual([...standing], [[refOf(2), `keys-3/${stem(0)}.log.deleted`]]);
});

test('a copy beside the partitions is named as it stands under the log directory', async () => {
  const { fixture, only } = staged();
  fixture.write('copy', batch(0, [keyRecord(2)]));
  assert.deepEqual([...(await only()).standing], [[refOf(2), 'copy']]);
});

test('a directory that waits to be deleted is read too', async () => {
  const { fixture, only } = staged();
  const directory = `keys-3.${'0a'.repeat(16)}-delete`;
  fixture.write(`${directory}/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  const { standing } = await only();
  assert.deepEqual([...standing], [[refOf(1), `${directory}/${stem(0)}.log`]]);
});

test('what cannot be read is unclear: a damaged segment, a pseudonym where no records are', async () => {
  for (const [name, content] of [
    [`${stem(0)}.log`, Buffer.alloc(200, 7)],
    ['notes', Buffer.from(`about ${refOf(1)}`)],
  ] as const) {
    const { fixture, only } = staged();
    fixture.write(`keys-3/${name}`, content);
    assert.equal((await only()).pass?.outcome, 'unclear', name);
  }
});

test('of hundreds of segments in all log directories the first 256 are named, and all counted', async () => {
  const { fixture, look } = staged(['/logs', '/two']);
  fixture.disk.makeDirectorySync('/two/keys-3');
  fixture.disk.replaceFileSync('/two/meta.properties', Buffer.from('version=1\nnode.id=2\n'));
  fixture.disk.replaceFileSync(`/two/keys-3/${stem(0)}.log`, batch(0, [keyRecord(9)]));
  for (let at = 0; at < 300; at++) fixture.write(`keys-3/${stem(at)}.log`, batch(at, [keyRecord(9)]));
  const [first, second] = await look();
  const pass = first?.pass;
  assert.deepEqual([second?.pass?.files, second?.pass?.segments], [1, []]);
  assert.equal(pass?.files, 300);
  assert.equal(pass.segments.length, 256);
  assert.equal(pass.segments.at(-1)?.file, `keys-3/${stem(255)}.log`);
});

test('a log directory that is not there, or is no broker’s, is in no evidence, and warned of once', async () => {
  const { fixture, warned, look } = staged(['/gone', '/logs', '/plain']);
  fixture.disk.makeDirectorySync('/plain/keys-3');
  fixture.write(`keys-3/${stem(0)}.log`, batch(0, [keyRecord(9)]));
  const replicas = (await look()).map(({ replica, pass }) => [replica, pass?.replica]);
  assert.deepEqual(replicas, [
    [null, undefined],
    [1, 1],
    [null, undefined],
  ]);
  await look();
  assert.deepEqual(
    warned.map((fields) => fields?.['number']),
    [0, 2],
  );
});

test('where a broker has nothing of the partition there is no pass, and after an abort no look', async () => {
  const { fixture, look, only } = staged();
  fixture.write(`keys-4/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  assert.equal((await only()).pass, null);
  fixture.write(`keys-3/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  await assert.rejects(look(AbortSignal.abort(new Error('closed'))), /closed/);
});

test('each log directory is read for itself: a key in one says nothing of the other’s', async () => {
  const { fixture, look } = staged(['/logs', '/two']);
  fixture.disk.makeDirectorySync('/two/keys-3');
  fixture.disk.replaceFileSync('/two/meta.properties', Buffer.from('version=1\nnode.id=2\n'));
  fixture.disk.replaceFileSync(`/two/keys-3/${stem(0)}.log`, batch(0, [keyRecord(1)]));
  fixture.write(`keys-3/${stem(0)}.log`, batch(0, [tombstone(1)]));
  const seen = (await look()).map(({ replica, standing }) => [replica, [...standing.keys()]]);
  assert.deepEqual(seen, [
    [1, []],
    [2, [refOf(1)]],
  ]);
});

test('of more keys than a report has places for, each user’s is known', async () => {
  const { fixture, only } = staged();
  const many = Array.from({ length: 1_200 }, (_, at) => keyRecord(1, 1, at));
  fixture.write(`keys-3/${stem(0)}.log`, batch(0, many), batch(1_200, [keyRecord(2)]));
  const { standing } = await only();
  assert.deepEqual([...standing.keys()].sort(), [refOf(1), refOf(2)].sort());
});
