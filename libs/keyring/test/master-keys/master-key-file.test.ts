import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import {
  createMasterKeyFile,
  KeyringError,
  loadMasterKeyFile,
  type KeyringErrorCode,
} from '../../src/index.js';

const PATH = '/master-keys/keys.json';
const failsWith = (code: KeyringErrorCode, pattern: RegExp) => (error: unknown) =>
  error instanceof KeyringError && error.code === code && pattern.test(error.message);

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
