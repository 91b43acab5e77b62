import assert from 'node:assert/strict';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import { kidFingerprint, verifyFiles, type FilesReport } from '../../src/index.js';
import type { FilesQuestion } from '../../src/verification/file-findings.js';
import {
  KEY_TOPIC,
  LogDirFixture,
  batch,
  keyRecord,
  keyValue,
  kidOf,
  refOf,
  stem,
  tombstone,
  wrappedKeyOf,
} from './log-fixture.js';

const id = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const scope = { logDirs: ['/logs'], keyTopic: KEY_TOPIC };
const ask = (...users: readonly number[]): FilesQuestion => ({
  users: users.map((user) => ({ userRef: refOf(user), lifecycle: 1 })),
});

function verify(fixture: LogDirFixture, question: FilesQuestion, everyTopic = false): Promise<FilesReport> {
  return verifyFiles(fixture.disk, { ...scope, everyTopic }, question);
}

test('a key record is found in segments of every state and in every codec, with file, offset and the kid by a fingerprint', async () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
    for (const suffix of ['', '.deleted', '.cleaned', '.swap'])
      for (const directory of [
        'keys-0',
        `keys-0.${id}-delete`,
        `keys-0.${id}-future`,
        `keys-0.${id}-stray`,
      ]) {
        const fixture = new LogDirFixture();
        const file = `${stem(40)}.log${suffix}`;
        const pairs = [keyRecord(2), keyRecord(1), tombstone(1)];
        fixture.write(
          `${directory}/${file}`,
          batch(40, [['!nudge', Buffer.of(1)]]),
          batch(41, pairs, compression),
        );
        const { verdict, keys, usersWithKeys, tombstones } = await verify(fixture, ask(3, 1));
        assert.equal(verdict, 'remains');
        const kid = kidFingerprint(kidOf(1));
        const first = [{ logDir: 0, directory, file, user: 1, offset: '42', kid, lifecycle: 1 }];
        assert.deepEqual(keys, { total: 1, first }, `${compression} ${directory}/${file}`);
        assert.deepEqual([usersWithKeys, tombstones], [[1], 1]);
      }
});

test('clean is what has tombstones, fences, retirements, later lifecycles, and keys of others alone', async () => {
  const fixture = new LogDirFixture();
  const retirement = Buffer.alloc(38);
  retirement.set([1, 0]);
  fixture.write(
    `keys-0/${stem(0)}.log`,
    batch(0, [tombstone(1), [refOf(1), Buffer.alloc(60, 9)], keyRecord(2)]),
    batch(3, [keyRecord(1, 2, 1), [`${refOf(1)}#${kidOf(1, 2)}`, retirement]]),
  );
  fixture.write(`keys-0/${stem(0)}.index`, Buffer.alloc(16));
  const report = await verify(fixture, ask(1));
  assert.equal(report.verdict, 'clean');
  assert.deepEqual(report.keys, { total: 0, first: [] });
  assert.deepEqual([report.tombstones, report.later], [2, 1]);
  const [logDir] = report.logDirs;
  assert.deepEqual([logDir?.broker, logDir?.isSettled], [1, true]);
  const of = (name: string) => logDir?.directories.find((directory) => directory.name === name);
  assert.deepEqual(
    of('keys-0')?.files.map(({ name, kind, batches, records }) => [name, kind, batches, records]),
    [
      [`${stem(0)}.index`, 'index', 0, 0],
      [`${stem(0)}.log`, 'log', 2, 5],
    ],
  );
  assert.deepEqual(
    of('')?.files.map(({ name }) => name),
    ['meta.properties'],
  );
});

test('in the key topic what cannot be read as a key record counts as one; elsewhere only a key record does', async () => {
  const newer = Buffer.concat([Buffer.of(9, 9), Buffer.alloc(40)]);
  const fixture = new LogDirFixture();
  const [name] = keyRecord(1);
  fixture.write(
    `keys-0/${stem(0)}.log`,
    batch(0, [[name, Buffer.from('nonsense')]]),
    batch(1, [[name, newer]]),
  );
  fixture.write(`copy-0/${stem(0)}.log`, batch(0, [[name, Buffer.from('ciphertext')], keyRecord(1)], 'zstd'));
  const posing = Buffer.alloc(39);
  posing.set([1, 0]);
  fixture.write(`keys-1/${stem(9)}.log`, batch(9, [[name, posing]]));
  const inKeys = await verify(fixture, ask(1));
  assert.deepEqual(
    inKeys.keys.first.map(({ directory, offset, lifecycle }) => [directory, offset, lifecycle]),
    [
      ['keys-0', '0', null],
      ['keys-0', '1', null],
      ['keys-1', '9', null],
    ],
  );
  const everywhere = await verify(fixture, ask(1), true);
  assert.deepEqual(
    everywhere.keys.first.map(({ directory, offset }) => [directory, offset]),
    [
      ['copy-0', '1'],
      ['keys-0', '0'],
      ['keys-0', '1'],
      ['keys-1', '9'],
    ],
  );
});

test('a pseudonym or a kid in an index, a snapshot, a torn tail or a file of another name is told of', async () => {
  const userRef = Buffer.from(refOf(1), 'hex');
  const kid = Buffer.from(kidOf(1), 'hex');
  const log = batch(0, [tombstone(1)]);
  for (const [file, content, kind, position] of [
    [`${stem(0)}.index`, Buffer.concat([Buffer.alloc(7), userRef]), 'user-ref', 7],
    [`${stem(0)}.timeindex.deleted`, Buffer.concat([Buffer.alloc(9), kid]), 'kid', 9],
    [`${stem(0)}.snapshot`, Buffer.from(`xx${kidOf(1)}`), 'kid', 2],
    ['notes', Buffer.from(`user ${refOf(1)}`), 'user-ref', 5],
    [`${stem(0)}.log.cleaned`, Buffer.concat([log, log.subarray(0, -2)]), 'user-ref', log.length + 66],
  ] as const) {
    const fixture = new LogDirFixture();
    fixture.write(`keys-0/${stem(0)}.log`, log);
    fixture.write(`keys-0/${file}`, content);
    const report = await verify(fixture, ask(2, 1));
    assert.equal(report.verdict, 'unclear', file);
    const found = report.bytes.first.filter((one) => one.kind === kind);
    const place = { logDir: 0, directory: 'keys-0', file, kind, number: 1, position, isPacked: false };
    assert.deepEqual(found, [place], file);
    // Without the pseudonym or kid the same files are in order.
    fixture.write(`keys-0/${file}`, Buffer.alloc(content.length));
    assert.equal((await verify(fixture, ask(2, 1))).verdict, 'clean', file);
  }
});

test("a caller's secrets are found in every file, across chunks, and in packed batches", async () => {
  const secret = wrappedKeyOf(1);
  const filler = (length: number): [string, Buffer] => ['x', Buffer.alloc(length, 0x61)];
  const question = { users: [], secrets: [Buffer.alloc(9, 5), secret] };
  const MiB = 1024 * 1024;
  // Around the end of what is read at a time.
  for (const shift of [0, 30, 71, 72]) {
    const fixture = new LogDirFixture();
    const position = MiB - shift;
    fixture.write('keys-0/leftover', Buffer.alloc(position, 0x61), secret, Buffer.alloc(10));
    const { verdict, bytes } = await verify(fixture, question);
    const place = { logDir: 0, directory: 'keys-0', file: 'leftover', kind: 'secret', number: 1, position };
    assert.deepEqual([verdict, bytes.first], ['remains', [{ ...place, isPacked: false }]]);
  }
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const fixture = new LogDirFixture();
    const before = batch(0, [filler(50)]);
    fixture.write(
      `keys-0/${stem(0)}.log`,
      before,
      batch(1, [filler(3_000), ['y', secret], filler(3_000)], compression),
    );
    const { bytes } = await verify(fixture, question);
    const found = bytes.first.filter(({ isPacked }) => isPacked === (compression !== 'none'));
    assert.deepEqual(
      found.map(({ number }) => number),
      [1],
      compression,
    );
    if (compression !== 'none') assert.equal(found[0]?.position, before.length);
  }
  const clean = new LogDirFixture();
  clean.write(`keys-0/${stem(0)}.log`, batch(0, [filler(3_000)], 'gzip'));
  assert.equal((await verify(clean, question)).verdict, 'clean');
  await assert.rejects(verify(clean, { users: [], secrets: [Buffer.alloc(7)] }), RangeError);
});

test('what could not be read is said, and is not called clean', async () => {
  const file = `keys-0/${stem(0)}.log`;
  const make = (): LogDirFixture => {
    const fixture = new LogDirFixture();
    fixture.write(file, batch(0, [tombstone(1)]));
    return fixture;
  };
  const damaged = make();
  damaged.write(file, batch(0, [tombstone(1)]), Buffer.alloc(200, 0xcc));
  const damage = await verify(damaged, ask(1));
  assert.equal(damage.verdict, 'unclear');
  assert.equal(damage.logDirs[0]?.directories[1]?.files[0]?.troubles[0]?.reason, 'damaged');

  for (const [operation, code, path] of [
    ['open', 'EACCES', `/logs/${file}`],
    ['read', 'EIO', `/logs/${file}`],
    ['list', 'EACCES', '/logs/keys-0'],
  ] as const) {
    const closed = make();
    closed.disk.fail({ operation, code, path: (at) => at === path, times: Infinity });
    const { verdict, logDirs } = await verify(closed, ask(1));
    const name = operation === 'list' ? '.' : `${stem(0)}.log`;
    assert.deepEqual(
      [verdict, logDirs[0]?.directories[1]?.unreadable],
      ['unclear', [{ name, reason: code }]],
    );
  }

  const inner = make();
  inner.disk.makeDirectorySync('/logs/keys-0/inner');
  assert.equal((await verify(inner, ask(1))).verdict, 'unclear');
  const none = await verifyFiles(make().disk, { ...scope, logDirs: ['/logs', '/none'] }, ask(1));
  assert.deepEqual([none.verdict, none.logDirs[1]?.unreadable], ['unclear', 'ENOENT']);
  assert.equal((await verifyFiles(make().disk, { ...scope, logDirs: [] }, ask(1))).verdict, 'unclear');
});

test('the report is canonical JSON, the same for the same files, without a pseudonym, a kid or a byte of a key', async () => {
  const fixture = new LogDirFixture();
  fixture.write(`keys-1/${stem(7)}.log.deleted`, batch(7, [keyRecord(1), keyRecord(2)], 'lz4'));
  fixture.write(`keys-0/${stem(0)}.log`, batch(0, [tombstone(1)]), Buffer.alloc(100, 1));
  fixture.write('keys-0/notes', Buffer.from(`${refOf(1)} ${kidOf(1)}`), wrappedKeyOf(1));
  const question = { ...ask(1, 2), secrets: [wrappedKeyOf(1)] };
  const text = canonicalize(await verify(fixture, question)) ?? '';
  assert.equal(canonicalize(await verify(fixture, question)), text);
  assert.deepEqual(JSON.parse(text), await verify(fixture, question));
  assert.ok(text.includes('"remains"') && !/\d\.\d|\de[+-]?\d/.test(text.replace(/"[^"]*"/g, '')));
  const value = keyValue(1);
  for (const secret of [refOf(1), kidOf(1), value.toString('hex'), value.toString('base64')])
    for (let at = 0; at + 8 <= secret.length; at += 8) {
      const piece = secret.slice(at, at + 8);
      // Zeros and other runs of one digit stand in names of segments too.
      if (!/^(.)\1*$/.test(piece)) assert.ok(!text.includes(piece), piece);
    }
});

test('only the first thousand finds are kept, all are counted, and each user is named', async () => {
  const fixture = new LogDirFixture();
  const users = Array.from({ length: 1_200 }, (_, user) => user);
  fixture.write(
    `keys-0/${stem(0)}.log`,
    batch(
      0,
      users.map((user) => keyRecord(user)),
    ),
  );
  const { keys, usersWithKeys } = await verify(fixture, ask(...users));
  assert.deepEqual([keys.total, keys.first.length], [1_200, 1_000]);
  assert.deepEqual(usersWithKeys, users);
});
