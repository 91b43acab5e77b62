import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey, type UserRef } from '../src/index.js';
import { userKeyName } from '../src/record-keys.js';
import { InMemoryKeyTopic } from '../src/testing/index.js';
import { binding, keyName, keyRecords, secret, start, type Process } from './process.js';

/** What nobody of the deployment wrote, and what claims an epoch and a scope at will. */
const garbage = Uint8Array.of(1, 1, 9, 9);

function unreadable(scope: Uint8Array): Uint8Array {
  const value = new Uint8Array(106);
  value.set([1, 1, 0, 0, 0, 99]);
  value.set(scope, 6);
  return value;
}

function livingKid({ keyring }: Process, userRef: UserRef): string {
  for (const user of keyring.list()) if (user.userRef === userRef) return user.kids[0] ?? '';
  return '';
}

/** The scope that the user's last fence ended, as it stands in its value. */
function lastFence(topic: InMemoryKeyTopic, partition: number): Uint8Array {
  const fence = topic.records(partition).findLast(({ key }) => parseRecordKey(key)?.kind === 'fence');
  return fence?.value?.slice(1, 13) ?? new Uint8Array(12);
}

for (const what of ['is garbage', 'claims a forgotten lifecycle', 'claims a withdrawn purpose'] as const) {
  test(`a record over a living key that ${what} is an alarm, and nobody buries the key under it`, async () => {
    const topic = new InMemoryKeyTopic();
    const process = await start(topic);
    const { keyring, alarms } = process;
    const userRef = keyring.userRef('ada');
    const partition = keyring.partitionOf(userRef);
    await keyring.ensureKeys([userRef]);
    if (what === 'claims a withdrawn purpose') {
      await keyring.ensureKeys([userRef], 'marketing');
      await keyring.withdraw(userRef, 'marketing');
    } else {
      await keyring.forget(userRef);
      await keyring.beginLifecycle(userRef);
    }
    const envelope = keyring.seal(userRef, binding, secret);
    const key = userKeyName(userRef, livingKid(process, userRef));
    const value = what === 'is garbage' ? garbage : unreadable(lastFence(topic, partition));
    topic.append(partition, [{ key, value }]);
    await keyring.catchUp([userRef]);
    assert.deepEqual(keyring.deadRecords(), []);
    assert.equal(await keyring.buryDead(), 0);
    const restarted = await start(topic);
    assert.equal(await restarted.keyring.buryDead(), 0);
    for (const each of [keyring, restarted.keyring]) {
      assert.equal(each.open(binding, envelope).outcome, 'value');
    }
    assert.equal(alarms.length, 1);
    assert.match(String(alarms[0]), /^KEY_RECORD_(UNAUTHENTIC|UNREADABLE)$/);
    await keyring.forget(userRef);
    assert.equal(keyring.open(binding, envelope).outcome, 'erased');
    assert.deepEqual(keyring.deadRecords(), []);
  });
}

test('a garbled record of a forgotten user is buried, and a key that is made good again is not', async () => {
  const topic = new InMemoryKeyTopic();
  const process = await start(topic);
  const { keyring } = process;
  const userRef = keyring.userRef('ada');
  await keyring.ensureKeys([userRef]);
  await keyring.forget(userRef);
  topic.append(keyring.partitionOf(userRef), [{ key: userKeyName(userRef, '00'.repeat(8)), value: garbage }]);
  await keyring.catchUp([userRef]);
  assert.equal(await keyring.buryDead(), 1);
  await keyring.beginLifecycle(userRef);
  const good = keyRecords(topic, keyring, userRef).findLast(({ value }) => value?.length === 106);
  assert.ok(good);
  topic.append(good.partition, [{ key: good.key, value: garbage }]);
  topic.compact();
  const restarted = await start(topic);
  assert.equal(restarted.keyring.deadRecords().length, 1);
  topic.append(good.partition, [good]);
  await restarted.keyring.catchUp([userRef]);
  assert.equal(livingKid(restarted, userRef), keyName(good.key));
  assert.deepEqual(restarted.keyring.deadRecords(), []);
});
