import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErasureCheck } from '@oubliette/privacy';
import { oubliette, realClock, type Ran } from './cli-harness.js';
import { FakeSample, type Answered, type Asked } from './fake-sample.js';

const kid = 'c0ffee'.padEnd(32, '0');
const file = { name: 'a.log', kind: 'log', state: 'live', bytes: 120, batches: 1, records: 2 } as const;
const directory = {
  name: 'keys-2',
  topic: 'keys',
  partition: 2,
  state: 'live',
  files: [{ ...file, troubles: [], troublesTotal: 0 }],
  waiting: [],
  vanished: [],
  unreadable: [],
} as const;
const none = { total: 0, first: [] };
const clean: ErasureCheck = {
  erasureId: 'e-1',
  state: 'erased',
  checkedAt: 1_800_000_000_000,
  verdict: 'clean',
  log: { partition: 2, records: 5, firstOffset: '3', lastOffset: '17', tombstones: 2, later: 0, keys: none },
  files: {
    verdict: 'clean',
    users: 1,
    secrets: 0,
    logDirs: [{ logDir: '/b1', broker: 1, unreadable: null, isSettled: true, directories: [directory] }],
    keys: none,
    usersWithKeys: [],
    tombstones: 2,
    later: 0,
    bytes: none,
  },
  replicas: [
    { broker: 1, isLeader: true, isInSync: true, seen: 'log and files' },
    { broker: 2, isLeader: false, isInSync: false, seen: 'nothing' },
  ],
};

async function against(check: unknown, args: readonly string[]): Promise<Ran & { asked: readonly Asked[] }> {
  const sample = await FakeSample.start((): Answered => ({ status: 200, body: check }));
  try {
    const setting = { files: { ...sample.files, '/b1/meta.properties': '' }, clock: realClock() };
    const ran = await oubliette(['erasure', 'verify', ...args, '--data-dir', '/data'], setting);
    return { ...ran, asked: sample.asked };
  } finally {
    await sample.stop();
  }
}

test('erasure verify asks the running sample with absolute paths, and says what was read and seen', async () => {
  const { code, out, err, asked } = await against(clean, [
    'a/b',
    '--log-dir',
    '/x/../b1',
    '--log-dir',
    '/b2',
  ]);
  assert.equal(code, 0, err);
  assert.deepEqual([asked[0]?.method, asked[0]?.path], ['POST', '/privacy/erasures/a%2Fb/verify']);
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { logDirs: ['/b1', '/b2'], everyTopic: false });
  assert.deepEqual(out.trimEnd().split('\n'), [
    'e-1  erased  clean: no key of this user stands in what was read',
    '  log of partition 2: offsets 3 to 17 as they stand, 5 records read',
    '    2 tombstones of this user stand, and have no bytes of a key',
    '  /b1 of broker 1: 1 directory, 1 file, 120 bytes, 2 records',
    '  replica on broker 1, which leads: seen by its log and files',
    '  replica on broker 2, which is down or behind: NOT SEEN, no log directory of it was given',
  ]);
  const one = await against({ ...clean, log: { ...clean.log, records: 1, tombstones: 1 } }, ['e-1']);
  assert.match(one.out, /, 1 record read\n    1 tombstone of this user stands, and has no bytes of a key\n/);
  const document = await against(clean, ['e-1', '--every-topic', '--json']);
  assert.deepEqual(JSON.parse(document.out), clean);
  assert.deepEqual(JSON.parse(document.asked[0]?.body ?? ''), { logDirs: [], everyTopic: true });
});

test('erasure verify says no where a key stands, or something could not be read, and where', async () => {
  const standing: ErasureCheck = {
    ...clean,
    verdict: 'remains',
    log: { ...clean.log, keys: { total: 1, first: [{ offset: '9', kid, lifecycle: 1 }] } },
    files: {
      ...clean.files!,
      verdict: 'remains',
      logDirs: [
        {
          ...clean.files!.logDirs[0]!,
          isSettled: false,
          directories: [
            {
              ...directory,
              files: [
                { ...file, troubles: [{ reason: 'torn', position: 100, bytes: 20 }], troublesTotal: 1 },
              ],
              waiting: ['a.log.deleted'],
              vanished: ['b.log', 'ada\n\u001b[31m.log'],
              unreadable: [{ name: 'c.log', reason: 'EACCES' }],
            },
          ],
        },
        { logDir: '/b2', broker: null, unreadable: 'ENOENT', isSettled: false, directories: [] },
      ],
      keys: {
        total: 3,
        first: [
          { logDir: 0, directory: 'keys-2', file: 'a.log.deleted', user: 0, offset: '9', kid, lifecycle: 1 },
        ],
      },
      bytes: {
        total: 1,
        first: [
          {
            logDir: 0,
            directory: '',
            file: 'notes',
            kind: 'user-ref',
            number: 0,
            position: 7,
            isPacked: false,
          },
        ],
      },
    },
  };
  const { code, out } = await against(standing, ['e-1']);
  assert.equal(code, 1);
  for (const line of [
    'e-1  erased  remains: a key of this user still stands',
    `    key record at offset 9, kid ${kid}`,
    `    key record in /b1/keys-2/a.log.deleted at offset 9, kid ${kid}`,
    '    and 2 more',
    '    bytes of a user-ref in /b1/notes at byte 7',
    '    files came and went faster than they could be read: try again',
    '    waits to be unlinked: keys-2/a.log.deleted',
    '    went away or was renamed meanwhile: keys-2/b.log',
    '    went away or was renamed meanwhile: keys-2/ada??[31m.log',
    '    could not be read: keys-2/c.log (EACCES)',
    '    not understood: keys-2/a.log, 20 bytes from 100 on (torn)',
    '  /b2: could not be read (ENOENT)',
  ])
    assert.ok(out.split('\n').includes(line), line);
  assert.equal((await against({ ...clean, verdict: 'unclear' }, ['e-1'])).code, 1);
  const unread = await against({ ...clean, files: null }, ['e-1']);
  assert.match(unread.out, /no files were read: give --log-dir/);
});

test('erasure verify believes nothing else than a verification', async () => {
  for (const answer of [{}, { ...clean, verdict: 'yes' }, { ...clean, log: null }, [clean], null]) {
    const { code, out, err } = await against(answer, ['e-1']);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /something else than a verification/);
  }
  assert.equal((await oubliette(['erasure', 'verify', ''])).code, 2);
  assert.equal((await oubliette(['erasure', 'verify'])).code, 2);
});
