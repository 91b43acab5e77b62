import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { createMasterKeyFile, loadMasterKeyFile, type MasterKeyId } from '../../src/index.js';
import { failsWith } from '../../src/testing/fails-with.js';

const PATH = '/master-keys/keys.json';
function diskWith(content?: string, permissions = 0o600): SimulatedDisk {
  const disk = new SimulatedDisk();
  if (content === undefined) return disk;
  disk.makeDirectorySync('/master-keys', 0o700);
  disk.replaceFileSync(PATH, new TextEncoder().encode(content), permissions);
  return disk;
}

const load = (disk: SimulatedDisk) => loadMasterKeyFile(PATH, disk, new SeededEntropy(5));
const context = new TextEncoder().encode('context');
const secret = new Uint8Array(69).fill(9);

test('a created file is for its owner alone, loads, wraps and unwraps, also after loading again', async () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile(PATH, disk, new SeededEntropy(1));
  assert.equal(disk.statSync(PATH).mode & 0o777, 0o600);
  const keys = await load(disk);
  const wrapped = await keys.wrap(context, secret);
  assert.equal(Buffer.from(wrapped).includes(Buffer.from(secret)), false);
  const again = await load(disk);
  assert.deepEqual(again.current, keys.current);
  assert.deepEqual(await again.unwrap(keys.current.fingerprint, context, wrapped), secret);
  assert.notDeepEqual(await keys.wrap(context, secret), wrapped);
});

test('another context, changed or cut bytes unwrap to null', async () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile(PATH, disk, new SeededEntropy(1));
  const keys = await load(disk);
  const { fingerprint } = keys.current;
  const wrapped = await keys.wrap(context, secret);
  assert.equal(await keys.unwrap(fingerprint, new Uint8Array(3), wrapped), null);
  for (const at of [0, 24, wrapped.length - 1]) {
    const changed = wrapped.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(await keys.unwrap(fingerprint, context, changed), null);
  }
  for (const length of [0, 10, 24, 39]) {
    assert.equal(await keys.unwrap(fingerprint, context, wrapped.slice(0, length)), null);
  }
});

test('a missing file is MASTER_KEY_MISSING and says where', async () => {
  await assert.rejects(load(diskWith()), failsWith('MASTER_KEY_MISSING', /\/master-keys\/keys\.json/));
});

test('a file that others can reach is refused, whichever bit lets them', async () => {
  const good = new SimulatedDisk();
  createMasterKeyFile(PATH, good, new SeededEntropy(1));
  const content = new TextDecoder().decode(good.readFileSync(PATH));
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666]) {
    await assert.rejects(load(diskWith(content, mode)), failsWith('MASTER_KEY_FILE_OPEN', /chmod 600/));
  }
  for (const mode of [0o600, 0o400]) await load(diskWith(content, mode));
});

test('an existing file is never replaced', () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile(PATH, disk, new SeededEntropy(1));
  const before = disk.readFileSync(PATH);
  assert.throws(
    () => createMasterKeyFile(PATH, disk, new SeededEntropy(2)),
    failsWith('MASTER_KEY_FILE_EXISTS', /already/),
  );
  assert.deepEqual(disk.readFileSync(PATH), before);
});

test('a malformed file is MASTER_KEY_FILE_INVALID, says what, and never quotes a key', async () => {
  const key = Buffer.alloc(32, 'SECRET').toString('base64');
  const entry = { epoch: 1, key };
  const file = (fields: object) => JSON.stringify({ version: 1, current: 1, keys: [entry], ...fields });
  const cases: [string, RegExp][] = [
    [`{"version":1,"keys":["${key}`, /not JSON/],
    ['', /not JSON/],
    ['null', /version/],
    [file({ version: 2 }), /version/],
    [file({ keys: [] }), /keys/],
    [file({ keys: 'x' }), /keys/],
    [file({ current: 2 }), /current/],
    [file({ keys: [entry, entry] }), /twice/],
    [file({ keys: [null] }), /keys\[0\]\.epoch/],
    [file({ keys: [{ ...entry, epoch: 0 }] }), /keys\[0\]\.epoch/],
    [file({ keys: [{ ...entry, epoch: 1.5 }] }), /keys\[0\]\.epoch/],
    [file({ keys: [{ ...entry, key: key.slice(4) }] }), /32 bytes/],
    [file({ keys: [{ ...entry, key: `${key} ` }] }), /32 bytes/],
    [file({ keys: [{ ...entry, key: 7 }] }), /32 bytes/],
    [file({ keys: [{ ...entry, key: Buffer.alloc(32).toString('base64') }] }), /all zero/],
  ];
  for (const [content, pattern] of cases) {
    await assert.rejects(load(diskWith(content)), (error: unknown) => {
      assert.ok(failsWith('MASTER_KEY_FILE_INVALID', pattern)(error), `${content}: ${String(error)}`);
      assert.equal(inspect(error, { depth: 9 }).includes(key.slice(0, 12)), false);
      return true;
    });
  }
});

test('several epochs: the current one wraps, older ones still unwrap, strange ones are a mismatch', async () => {
  const keyOf = (fill: number) => Buffer.alloc(32, fill).toString('base64');
  const old = await load(
    diskWith(JSON.stringify({ version: 1, current: 1, keys: [{ epoch: 1, key: keyOf(1) }] })),
  );
  const keys = [1, 2].map((epoch) => ({ epoch, key: keyOf(epoch) }));
  const both = await load(diskWith(JSON.stringify({ version: 1, current: 2, keys })));
  assert.equal(both.current.epoch, 2);
  const wrapped = await old.wrap(context, secret);
  assert.deepEqual(await both.unwrap(old.current.fingerprint, context, wrapped), secret);
  await assert.rejects(
    old.unwrap(both.current.fingerprint, context, wrapped),
    failsWith('MASTER_KEY_MISMATCH', /key file/),
  );
});

test('closed keys wrap nothing, and show nothing when inspected', async () => {
  const key = Buffer.alloc(32, 'S');
  const file = { version: 1, current: 1, keys: [{ epoch: 1, key: key.toString('base64') }] };
  const keys = await load(diskWith(JSON.stringify(file)));
  const shown = inspect(keys, { depth: 9, showHidden: true });
  assert.equal(shown.includes('83'), false, shown);
  keys.close();
  await assert.rejects(keys.wrap(context, secret), failsWith('KEYRING_CLOSED', /closed/));
});

async function created(): Promise<{ disk: SimulatedDisk; first: MasterKeyId; wrapped: Uint8Array }> {
  const disk = new SimulatedDisk();
  createMasterKeyFile(PATH, disk, new SeededEntropy(1));
  const keys = await load(disk);
  return { disk, first: keys.current, wrapped: await keys.wrap(context, secret) };
}

test('a file that was advanced is for its owner alone, and the bytes of the file before are overwritten', async () => {
  const { disk } = await created();
  disk.linkSync(PATH, '/master-keys/seen');
  const keys = await load(disk);
  await keys.advance(1);
  assert.equal(disk.statSync(PATH).mode & 0o777, 0o600);
  assert.ok(disk.readFileSync('/master-keys/seen').every((byte) => byte === 0));
  disk.removeFileSync('/master-keys/seen');
  disk.linkSync(PATH, '/master-keys/seen');
  await keys.destroy(1);
  assert.ok(disk.readFileSync('/master-keys/seen').every((byte) => byte === 0));
  assert.deepEqual(
    disk.listSync('/master-keys').map(({ name }) => name),
    ['keys.json', 'seen'],
  );
});

test('what a crash left of a change is overwritten by the next one', async () => {
  const { disk } = await created();
  const draft = disk.openSync(`${PATH}.tmp`, 'write', 0o600);
  draft.writeSync([new TextEncoder().encode('{ "keys": [{ "epoch": 2, "key": "half of')], 0);
  draft.closeSync();
  disk.linkSync(`${PATH}.tmp`, '/master-keys/seen');
  await (await load(disk)).destroy(0);
  assert.ok(disk.readFileSync('/master-keys/seen').every((byte) => byte === 0));
  assert.equal(disk.existsSync(`${PATH}.tmp`), false);
});

test('whatever fails while a file is changed, and whenever the power goes, no living key is lost', async () => {
  const operations = ['open', 'write', 'sync', 'rename', 'remove', 'lock', 'read'] as const;
  let failures = 0;
  for (const change of ['advance', 'destroy'] as const) {
    for (const operation of operations) {
      for (let nth = 0; nth < 4; nth++) {
        const { disk } = await created();
        const keys = await load(disk);
        let { current } = keys;
        let wrapped = await keys.wrap(context, secret);
        if (change === 'destroy') {
          current = await keys.advance(1);
          wrapped = await keys.wrap(context, secret);
        }
        let seen = 0;
        disk.fail({ operation, code: 'EIO', times: Infinity, path: () => seen++ === nth });
        const failed = await (change === 'advance' ? keys.advance(1) : keys.destroy(1)).then(
          () => 0,
          () => 1,
        );
        failures += failed;
        const later = disk.crash(nth + 1);
        const after = await load(later);
        assert.deepEqual(await after.unwrap(current.fingerprint, context, wrapped), secret);
        // The same call again brings it to its end.
        if (change === 'advance') assert.equal((await after.advance(1)).epoch, 2);
        else await after.destroy(1);
        assert.equal((await after.keys()).length, change === 'advance' ? 2 : 1);
      }
    }
  }
  assert.ok(failures >= 10, `${failures} changes failed`);
});

test('a file that another process is changing is unavailable: try again', async () => {
  const { disk } = await created();
  const keys = await load(disk);
  const release = disk.lockSync(`${PATH}.lock`);
  await assert.rejects(keys.advance(1), failsWith('MASTER_KEY_UNAVAILABLE', /another process/));
  await assert.rejects(keys.destroy(1), failsWith('MASTER_KEY_UNAVAILABLE', /another process/));
  release();
  assert.equal((await keys.advance(1)).epoch, 2);
});

test('a file that went away is told, and the keys in memory go on', async () => {
  const { disk, first, wrapped } = await created();
  const keys = await load(disk);
  disk.removeFileSync(PATH);
  assert.deepEqual(await keys.unwrap(first.fingerprint, context, wrapped), secret);
  const missing = failsWith('MASTER_KEY_MISSING', /put the one back/);
  await assert.rejects(keys.unwrap(first.fingerprint, context, wrapped, { fresh: true }), missing);
  await assert.rejects(keys.unwrap('00'.repeat(16), context, wrapped), missing);
  await assert.rejects(keys.advance(1), missing);
});
