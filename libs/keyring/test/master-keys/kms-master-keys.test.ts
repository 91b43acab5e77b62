import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KmsSettings } from '../../src/index.js';
import { openKeysOfKms } from '../../src/master-keys/kms/kms-master-keys.js';
import { FakeKms } from './fake-kms.js';
import { failsWith } from '../../src/testing/fails-with.js';

const ALIAS = 'alias/oubliette/test';
const DAY = 86_400_000;
const context = new TextEncoder().encode('a context');
const secret = new Uint8Array(40).fill(7);
const open = (kms: FakeKms, settings: Partial<KmsSettings> = {}) =>
  openKeysOfKms(kms.open(), { alias: ALIAS, ...settings });

function kmsOfEpochs(count: number): FakeKms {
  const kms = new FakeKms();
  for (let epoch = 1; epoch <= count; epoch++) kms.addEpoch(`${ALIAS}/epoch-${epoch}`);
  return kms;
}

test('epochs are the aliases, whatever order and whatever else is beside them; the highest is current', async () => {
  const kms = kmsOfEpochs(11);
  for (const other of [
    '/epoch-x',
    '/epoch-',
    '/epoch-012',
    '/epoch-1.5',
    '/epoch-0',
    '/other',
    '-two/epoch-50',
  ])
    kms.addEpoch(`${ALIAS}${other}`);
  const keys = await open(kms);
  assert.equal(keys.current.epoch, 11);
  assert.deepEqual(
    (await keys.keys()).map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
  );
});

test('no alias is told with what to do, and what was opened is closed', async () => {
  const kms = new FakeKms();
  await assert.rejects(open(kms), failsWith('MASTER_KEY_REFUSED', /alias\/oubliette\/test\/epoch-1/));
  assert.equal(kms.opened, 0);
});

test('two epochs of one key are refused: destroying one would destroy the other', async () => {
  const kms = kmsOfEpochs(1);
  kms.aliases.set(`${ALIAS}/epoch-2`, 'key-1');
  await assert.rejects(open(kms), failsWith('MASTER_KEY_REFUSED', /two epochs/));
});

test('a process that advanced a moment earlier wins, and the key made for nothing is deleted', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms);
  kms.beforeAlias = () => kms.addEpoch(`${ALIAS}/epoch-2`);
  const second = await keys.advance(1);
  assert.equal(second.epoch, 2);
  assert.deepEqual(
    [...kms.keys.values()].map(({ deletionAt }) => deletionAt !== null),
    [false, true, false],
  );
  const wrapped = await keys.wrap(context, secret);
  assert.deepEqual(await (await open(kms)).unwrap(second.fingerprint, context, wrapped), secret);
});

test('an epoch that an operator prepared is taken, and none is made', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms);
  kms.addEpoch(`${ALIAS}/epoch-2`);
  assert.equal((await keys.advance(1)).epoch, 2);
  assert.equal(kms.keys.size, 2);
});

test('destroying says until when it can be undone, the same when asked again; until then the key is refused here', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms, { deletionWaitDays: 10 });
  const first = keys.current;
  const wrapped = await keys.wrap(context, secret);
  await keys.advance(1);
  await keys.advance(2);
  assert.deepEqual(await keys.destroy(1), { recoverableUntil: kms.now + 10 * DAY });
  kms.now += DAY;
  assert.deepEqual(await keys.destroy(1), { recoverableUntil: kms.now + 9 * DAY });
  await assert.rejects(
    keys.unwrap(first.fingerprint, context, wrapped),
    failsWith('MASTER_KEY_MISMATCH', /can be cancelled until 2023-11-24T22:13:20/),
  );
  assert.deepEqual(await keys.destroy(2), { recoverableUntil: kms.now + 10 * DAY }, 'the later end counts');
  const [key] = kms.keys.values();
  assert.ok(key);
  key.deletionAt = null;
  assert.deepEqual(await keys.unwrap(first.fingerprint, context, wrapped), secret, 'taken back, it works');
  kms.aliases.delete(`${ALIAS}/epoch-1`);
  kms.aliases.delete(`${ALIAS}/epoch-2`);
  assert.deepEqual(await keys.destroy(2), { recoverableUntil: null }, 'AWS deleted them with their aliases');
});

test('a disabled key is refused, not unavailable', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms);
  const wrapped = await keys.wrap(context, secret);
  for (const key of kms.keys.values()) key.disabled = true;
  const refused = failsWith('MASTER_KEY_REFUSED', /DisabledException/);
  await assert.rejects(keys.wrap(context, secret), refused);
  await assert.rejects(keys.unwrap(keys.current.fingerprint, context, wrapped), refused);
});

test('fingerprint and encryption context are those of another implementation (hashlib.blake2b)', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms);
  assert.equal(keys.current.fingerprint, '71b1670c38a6fefedc25f88e0c03eeab');
  const wrapped = new TextDecoder().decode(await keys.wrap(context, secret));
  assert.equal((JSON.parse(wrapped) as string[])[1], 'RNdHTzMbWJF4ZpQArnPjFGjO+GikVoqqn/1aoOp2V+s=');
});

test('closing closes the client once', async () => {
  const kms = kmsOfEpochs(1);
  const keys = await open(kms);
  keys.close();
  keys.close();
  assert.equal(kms.opened, 0);
});
