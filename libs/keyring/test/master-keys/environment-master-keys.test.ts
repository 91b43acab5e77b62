import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { readEnvironmentMasterKeys, type KeyringErrorCode } from '../../src/index.js';
import { failsWith } from '../../src/testing/fails-with.js';

const keyOf = (fill: number | string) => Buffer.alloc(32, fill).toString('base64');
const read = (text: string | undefined) =>
  readEnvironmentMasterKeys('KEYS', { KEYS: text }, new SeededEntropy(1));

test('the variable is gone once it was read, and others stay', async () => {
  const environment = { KEYS: `1:${keyOf(1)}`, OTHER: 'x' };
  await readEnvironmentMasterKeys('KEYS', environment, new SeededEntropy(1));
  assert.deepEqual(environment, { OTHER: 'x' });
  await assert.rejects(
    readEnvironmentMasterKeys('KEYS', environment, new SeededEntropy(1)),
    failsWith('MASTER_KEY_MISSING', /only once a process/),
  );
});

test('several keys, however they are separated; the highest epoch is current', async () => {
  const texts = [
    `3:${keyOf(3)},1:${keyOf(1)}`,
    ` 1:${keyOf(1)}\n3:${keyOf(3)} `,
    `1:${keyOf(1)}, 3:${keyOf(3)}`,
  ];
  for (const text of texts) {
    const keys = await read(text);
    assert.equal(keys.current.epoch, 3);
    assert.deepEqual(
      (await keys.keys()).map(({ epoch }) => epoch),
      [1, 3],
    );
  }
});

test('what cannot be read is refused without repeating it, and stays where it is', async () => {
  const secret = keyOf('SECRET');
  const cases: [string | undefined, KeyringErrorCode][] = [
    [undefined, 'MASTER_KEY_MISSING'],
    ['  ', 'MASTER_KEY_MISSING'],
    [secret, 'MASTER_KEY_SETTING_INVALID'],
    [`0:${secret}`, 'MASTER_KEY_SETTING_INVALID'],
    [`01:${secret}`, 'MASTER_KEY_SETTING_INVALID'],
    [`-1:${secret}`, 'MASTER_KEY_SETTING_INVALID'],
    [`4294967296:${secret}`, 'MASTER_KEY_SETTING_INVALID'],
    [`1:${secret}x`, 'MASTER_KEY_SETTING_INVALID'],
    [`1:${secret.slice(4)}`, 'MASTER_KEY_SETTING_INVALID'],
    [`1:${keyOf(0)}`, 'MASTER_KEY_SETTING_INVALID'],
    [`1:${secret},1:${keyOf(2)}`, 'MASTER_KEY_SETTING_INVALID'],
    [`1:${secret},`, 'MASTER_KEY_SETTING_INVALID'],
  ];
  for (const [text, code] of cases) {
    const environment = { KEYS: text };
    await assert.rejects(
      readEnvironmentMasterKeys('KEYS', environment, new SeededEntropy(1)),
      (error: unknown) => {
        assert.ok(failsWith(code, /KEYS/)(error), `${text}: ${String(error)}`);
        assert.equal(inspect(error, { depth: 9 }).includes(secret.slice(0, 8)), false);
        return true;
      },
    );
    assert.equal(environment.KEYS, text);
  }
});

test('advance and destroy say what the deployment has to do', async () => {
  const keys = await read(`1:${keyOf(1)},2:${keyOf(2)}`);
  await assert.rejects(keys.advance(2), failsWith('MASTER_KEY_FIXED', /add 3:<32 random bytes/));
  await assert.rejects(keys.destroy(1), failsWith('MASTER_KEY_FIXED', /take the epochs up to/));
  assert.equal((await keys.advance(1)).epoch, 2, 'it is done already');
  assert.equal(keys.current.epoch, 2);
});
