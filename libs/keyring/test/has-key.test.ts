import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { InMemoryKeyTopic, openTestKeyring } from '../src/testing/index.js';
import { binding, failsWith, secret } from './process.js';

test('a key is there when ensureKeys would find nothing to do, and sealing needs no other call then', async () => {
  const keyring = await openTestKeyring();
  const ada = keyring.userRef('ada');
  assert.equal(keyring.hasKey(ada), false);
  await keyring.ensureKeys([ada]);
  assert.equal(keyring.hasKey(ada), true);
  keyring.seal(ada, binding, secret);
  assert.equal(keyring.hasKey(ada, 'marketing'), false);
  await keyring.ensureKeys([ada], 'marketing');
  assert.equal(keyring.hasKey(ada, 'marketing'), true);
  await keyring.withdraw(ada, 'marketing');
  assert.equal(keyring.hasKey(ada, 'marketing'), false);
  await keyring.forget(ada);
  assert.equal(keyring.hasKey(ada), false);
  await keyring.close();
  assert.throws(() => keyring.hasKey(ada), failsWith('KEYRING_CLOSED'));
});

test('a key that is worn out by uses, by age or by its lifetime is not there', async () => {
  for (const policy of [{ rotateAfterUses: 2 }, { rotateAfterMs: 1_000 }, { lifetimeMs: 1_000 }]) {
    const clock = new ManualClock();
    const topic = new InMemoryKeyTopic({ clock });
    const keyring = await openTestKeyring({ topic, clock, policies: { '': policy } });
    const ada = keyring.userRef('ada');
    await keyring.ensureKeys([ada]);
    assert.equal(keyring.hasKey(ada), true);
    keyring.seal(ada, binding, secret);
    keyring.seal(ada, binding, secret);
    clock.advance(1_000);
    assert.equal(keyring.hasKey(ada), false, JSON.stringify(policy));
    await keyring.ensureKeys([ada]);
    assert.equal(keyring.hasKey(ada), true, JSON.stringify(policy));
  }
});

test('a key whose bytes had to make room is not there until it is loaded', async () => {
  const keyring = await openTestKeyring({ keysInMemory: 2 });
  const users = ['ada', 'ben', 'cleo'].map((name) => keyring.userRef(name));
  for (const userRef of users) await keyring.ensureKeys([userRef]);
  const [ada] = users;
  assert.ok(ada);
  assert.equal(keyring.hasKey(ada), false);
  await keyring.ensureKeys([ada]);
  assert.equal(keyring.hasKey(ada), true);
  assert.deepEqual(
    users.map((userRef) => keyring.hasKey(userRef)),
    [true, false, true],
  );
});
