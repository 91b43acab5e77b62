import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import type { Keyring } from '../src/index.js';
import { userKeyName } from '../src/record-keys.js';
import {
  InMemoryKeyTopic,
  InMemoryMasterKeyService,
  openTestKeyring,
  testMasterKeys,
} from '../src/testing/index.js';
import { binding, failsWith, secret, turn } from './process.js';

/** A process that turned the master-key epoch, and one that has the old master key alone. */
async function aheadAndBehind(): Promise<{ ahead: Keyring; behind: Keyring; topic: InMemoryKeyTopic }> {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const masterKeys = await new InMemoryMasterKeyService().open();
  const ahead = await openTestKeyring({ topic, clock, masterKeys });
  const behind = await openTestKeyring({ topic, clock, masterKeys: await testMasterKeys() });
  const user = ahead.userRef('ada');
  await ahead.ensureKeys([user]);
  await ahead.ensureKeys([user], 'marketing');
  let isOver = false;
  const over = ahead.advanceEpoch().finally(() => (isOver = true));
  for (let second = 0; second < 100 && !isOver; second++) await clock.advanceAsync(1_000);
  await over;
  return { ahead, behind, topic };
}

test('who cannot read the key of a new lifecycle does not give the old fence for its end', async () => {
  const { ahead, behind } = await aheadAndBehind();
  const user = ahead.userRef('ada');
  await ahead.forget(user);
  await turn();
  assert.equal((await behind.forget(user)).lifecycle, 1);
  await ahead.beginLifecycle(user);
  const envelope = ahead.seal(user, binding, secret);
  await assert.rejects(behind.forget(user), failsWith('MASTER_KEY_UNAVAILABLE'));
  await assert.rejects(behind.forgetMany([user]), failsWith('MASTER_KEY_UNAVAILABLE'));
  assert.equal(ahead.open(binding, envelope).outcome, 'value');
  assert.equal((await ahead.forget(user)).lifecycle, 2);
  assert.equal((await behind.forget(user)).lifecycle, 2);
});

test('who cannot read the key of a purpose granted anew does not give the old fence for its end', async () => {
  const { ahead, behind } = await aheadAndBehind();
  const user = ahead.userRef('ada');
  await ahead.withdraw(user, 'marketing');
  await ahead.grant(user, 'marketing');
  await assert.rejects(behind.withdraw(user, 'marketing'), failsWith('MASTER_KEY_UNAVAILABLE'));
  const envelope = ahead.seal(user, binding, secret, 'marketing');
  assert.equal((await behind.forget(user)).lifecycle, 1);
  await ahead.catchUp([user]);
  assert.equal(ahead.open(binding, envelope).outcome, 'erased');
});

test('a record that claims to be of a new lifecycle holds up no forgetting where all is at hand', async () => {
  const { ahead, behind, topic } = await aheadAndBehind();
  const user = ahead.userRef('ada');
  await ahead.forget(user);
  const value = new Uint8Array(106);
  value.set([1, 1, 0, 0, 0, 99, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1]);
  topic.append(ahead.partitionOf(user), [{ key: userKeyName(user, '00'.repeat(8)), value }]);
  assert.equal((await ahead.forget(user)).lifecycle, 1);
  await assert.rejects(behind.forget(user), failsWith('MASTER_KEY_UNAVAILABLE'));
});
