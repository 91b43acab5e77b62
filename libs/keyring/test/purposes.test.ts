import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey, type Keyring, type UserRef } from '../src/index.js';
import { InMemoryKeyTopic } from '../src/testing/index.js';
import { binding, failsWith, keyRecords, secret, start, turn } from './process.js';

async function withPurposes(): Promise<{
  topic: InMemoryKeyTopic;
  keyring: Keyring;
  other: Keyring;
  ada: UserRef;
  envelopes: { general: Uint8Array; marketing: Uint8Array; billing: Uint8Array };
}> {
  const topic = new InMemoryKeyTopic();
  const { keyring } = await start(topic);
  const other = (await start(topic)).keyring;
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  for (const purpose of ['marketing', 'billing']) await keyring.ensureKeys([ada], purpose);
  const envelopes = {
    general: keyring.seal(ada, binding, secret),
    marketing: keyring.seal(ada, binding, secret, 'marketing'),
    billing: keyring.seal(ada, binding, secret, 'billing'),
  };
  return { topic, keyring, other, ada, envelopes };
}

test('withdrawing a purpose ends its keys alone, everywhere', async () => {
  const { topic, keyring, other, ada, envelopes } = await withPurposes();
  const fence = await other.withdraw(ada, 'marketing');
  await keyring.catchUp([ada]);
  for (const process of [keyring, other, (await start(topic)).keyring]) {
    const { erasedAt } = fence;
    assert.deepEqual(process.open(binding, envelopes.marketing), {
      outcome: 'erased',
      why: 'withdrawn',
      lifecycle: 1,
      erasedAt,
    });
    assert.equal(process.open(binding, envelopes.general).outcome, 'value');
    assert.equal(process.open(binding, envelopes.billing).outcome, 'value');
    assert.equal(process.state(ada), 'active');
    assert.equal(process.fence(ada), null);
    assert.throws(() => process.seal(ada, binding, secret, 'marketing'), failsWith('PURPOSE_WITHDRAWN'));
    await assert.rejects(process.ensureKeys([ada], 'marketing'), failsWith('PURPOSE_WITHDRAWN'));
    assert.deepEqual(await process.withdraw(ada, 'marketing'), fence);
    assert.deepEqual(process.deadRecords(), []);
  }
  assert.equal(keyRecords(topic, keyring, ada).filter(({ value }) => value === null).length, 1);
});

test('a purpose that is granted again has new keys, and what was written before stays erased', async () => {
  const { keyring, other, ada, envelopes } = await withPurposes();
  await assert.rejects(keyring.grant(ada, 'marketing'), failsWith('PURPOSE_NOT_WITHDRAWN'));
  await keyring.withdraw(ada, 'marketing');
  await other.catchUp([ada]);
  await Promise.all([keyring.grant(ada, 'marketing'), other.grant(ada, 'marketing')]);
  await Promise.all([keyring.catchUp([ada]), other.catchUp([ada])]);
  const again = other.seal(ada, binding, secret, 'marketing');
  assert.deepEqual(keyring.open(binding, again), { outcome: 'value', value: secret });
  assert.equal(keyring.open(binding, envelopes.marketing).outcome, 'erased');
  await keyring.withdraw(ada, 'marketing');
  assert.equal(keyring.open(binding, again).outcome, 'erased');
});

test('forgetting a user ends every purpose, in one batch, also those that were withdrawn or granted again', async () => {
  const { topic, keyring, ada, envelopes } = await withPurposes();
  await keyring.withdraw(ada, 'marketing');
  await keyring.grant(ada, 'marketing');
  const again = keyring.seal(ada, binding, secret, 'marketing');
  const fence = await keyring.forget(ada);
  assert.equal(fence.fingerprints.length, 3);
  for (const envelope of [...Object.values(envelopes), again]) {
    assert.equal(keyring.open(binding, envelope).outcome, 'erased');
  }
  assert.equal((await keyring.withdraw(ada, 'billing')).erasedAt, fence.erasedAt);
  await assert.rejects(keyring.grant(ada, 'marketing'), failsWith('USER_FORGOTTEN'));
  assert.equal(await keyring.beginLifecycle(ada), 2);
  await keyring.ensureKeys([ada], 'marketing');
  const reborn = keyring.seal(ada, binding, secret, 'marketing');
  assert.equal(keyring.open(binding, reborn).outcome, 'value');
  topic.compact({ dropTombstones: true });
  const restarted = await start(topic);
  assert.equal(restarted.keyring.open(binding, reborn).outcome, 'value');
  assert.equal(restarted.keyring.open(binding, again).outcome, 'erased');
  assert.deepEqual(restarted.alarms, []);
});

test('a purpose that was withdrawn before it had a key is fenced all the same, and leaves the user active', async () => {
  const { keyring } = await start(new InMemoryKeyTopic());
  const ada = keyring.userRef('ada');
  const fence = await keyring.withdraw(ada, 'marketing');
  assert.deepEqual([fence.lifecycle, fence.generation, fence.fingerprints], [1, 1, []]);
  assert.equal(keyring.state(ada), 'active');
  await assert.rejects(keyring.ensureKeys([ada], 'marketing'), failsWith('PURPOSE_WITHDRAWN'));
  await keyring.ensureKeys([ada]);
  assert.equal(keyring.open(binding, keyring.seal(ada, binding, secret)).outcome, 'value');
});

test('a mint for a purpose that a withdrawal overtook is refused and buried', async () => {
  const topic = new InMemoryKeyTopic();
  const [minter, other] = [await start(topic), await start(topic)];
  const ada = minter.keyring.userRef('ada');
  minter.log.hold();
  await other.keyring.withdraw(ada, 'marketing');
  const minting = assert.rejects(
    minter.keyring.ensureKeys([ada], 'marketing'),
    failsWith('PURPOSE_WITHDRAWN'),
  );
  await turn();
  minter.log.release();
  await minting;
  topic.compact({ dropTombstones: true });
  assert.deepEqual(keyRecords(topic, minter.keyring, ada), []);
});

test('the key topic does not show the name of a purpose, and names are checked', async () => {
  const { topic, keyring, ada } = await withPurposes();
  await keyring.withdraw(ada, 'marketing');
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    for (const { key, value } of topic.records(partition)) {
      const bytes = Buffer.concat([key, value ?? Buffer.alloc(0)]).toString('latin1');
      assert.doesNotMatch(bytes, /marketing|billing/);
      assert.notEqual(parseRecordKey(key), null);
    }
  }
  for (const bad of ['', 'Marketing', 'a b', '-a', 'x'.repeat(65), 'ü']) {
    await assert.rejects(keyring.ensureKeys([ada], bad), failsWith('PURPOSE_INVALID'));
  }
  for (let count = 0; count < 254; count++) await keyring.ensureKeys([], `purpose-${count}`);
  await assert.rejects(keyring.ensureKeys([], 'one-too-many'), failsWith('PURPOSE_INVALID'));
});

test('without a purpose none is withdrawn or granted, and least of all everything', async () => {
  const { keyring, ada } = await withPurposes();
  for (const none of [undefined, null, '']) {
    const purpose = none as string;
    await assert.rejects(keyring.withdraw(ada, purpose), failsWith('PURPOSE_INVALID'));
    await assert.rejects(keyring.grant(ada, purpose), failsWith('PURPOSE_INVALID'));
  }
  assert.equal(keyring.state(ada), 'active');
});

test('a process that has not heard that a user began anew, or a purpose, is told to try again, and then writes', async () => {
  const topic = new InMemoryKeyTopic();
  const [ahead, behind] = [await start(topic), await start(topic)];
  const ada = ahead.keyring.userRef('ada');
  await ahead.keyring.ensureKeys([ada], 'marketing');
  await behind.keyring.catchUp([ada]);
  behind.log.hold();
  await ahead.keyring.withdraw(ada, 'marketing');
  await ahead.keyring.grant(ada, 'marketing');
  const rotating = assert.rejects(
    behind.keyring.rotate([ada], 'marketing'),
    failsWith('KEYRING_UNAVAILABLE'),
  );
  await turn();
  behind.log.release();
  await rotating;
  await behind.keyring.rotate([ada], 'marketing');
  behind.log.hold();
  await ahead.keyring.forget(ada);
  await ahead.keyring.beginLifecycle(ada);
  const again = assert.rejects(behind.keyring.rotate([ada]), failsWith('KEYRING_UNAVAILABLE'));
  await turn();
  behind.log.release();
  await again;
  await behind.keyring.rotate([ada]);
  const envelope = behind.keyring.seal(ada, binding, secret);
  await ahead.keyring.catchUp([ada]);
  assert.equal(ahead.keyring.open(binding, envelope).outcome, 'value');
  assert.deepEqual(behind.keyring.deadRecords(), []);
});
