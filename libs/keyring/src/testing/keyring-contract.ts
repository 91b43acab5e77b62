import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyringError, type KeyringErrorCode } from '../errors.js';
import type { KeyLog, StoredKeyLogRecord } from '../key-log.js';
import type { Binding, Keyring, UserRef } from '../keyring.js';
import { parseRecordKey } from '../record-keys.js';
import type { KeyTopicHarness } from './key-log-contract.js';
import { onlyRecords } from './only-records.js';
import { openTestKeyring, testMasterKeys } from './test-keyring.js';

const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const secret = new TextEncoder().encode('a personal value');

const failsWith = (code: KeyringErrorCode) => (error: unknown) =>
  error instanceof KeyringError && error.code === code;

interface Stage {
  /** A keyring as another process would have it. */
  keyring(): Promise<Keyring>;
  log(): Promise<KeyLog>;
  /** Everything that stands in the topic, per partition in offset order. */
  scan(): Promise<StoredKeyLogRecord[]>;
}

/** What a keyring does over any key log: run it on each implementation of the log, as `keyLogContract` is. */
export function keyringContract(name: string, make: () => Promise<KeyTopicHarness>): void {
  const check = (what: string, body: (stage: Stage) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const harness = await make();
      const opened: { close(): Promise<void> }[] = [];
      const own = <T extends { close(): Promise<void> }>(item: T): T => {
        opened.push(item);
        return item;
      };
      const stage: Stage = {
        keyring: async () => own(await openTestKeyring({ log: await harness.open() })),
        log: async () => own(await harness.open()),
        scan: () => scan(harness),
      };
      try {
        await body(stage);
      } finally {
        for (const item of opened.reverse()) await item.close();
        await harness.dispose();
      }
    });
  };

  check('design 4.1: no user id in the topic, and one partition holds all of a user', async (stage) => {
    const keyring = await stage.keyring();
    const userId = 'somebody-with-a-long-and-searchable-id@example.org';
    const userRef = keyring.userRef(userId);
    await keyring.ensureKeys([userRef]);
    await keyring.forget(userRef);
    await keyring.beginLifecycle(userRef);
    const records = await stage.scan();
    const everything = records.map(({ key, value }) => Buffer.concat([key, value ?? Buffer.alloc(0)]));
    assert.equal(Buffer.concat(everything).includes(userId), false);
    const own = records.filter(({ key }) => Buffer.from(key).toString('latin1').startsWith(userRef));
    assert.ok(own.length >= 2);
    assert.deepEqual([...new Set(own.map(({ partition }) => partition))], [keyring.partitionOf(userRef)]);
    const other = await stage.keyring();
    assert.equal(other.userRef(userId), userRef);
  });

  check('design 4.2 and 4.3: keyrings that mint at once encrypt under the same key', async (stage) => {
    const one = await stage.keyring();
    const two = await stage.keyring();
    const refs = Array.from({ length: 50 }, (_, index) => one.userRef(`user ${index}`));
    await Promise.all([one.ensureKeys(refs), two.ensureKeys(refs)]);
    for (const userRef of refs) {
      const envelope = one.seal(userRef, binding, secret);
      assert.deepEqual(two.open(binding, envelope), { outcome: 'value', value: secret });
      assert.deepEqual(two.seal(userRef, binding, secret).slice(0, 30), envelope.slice(0, 30));
    }
    assert.equal(one.size().users, 50);
  });

  check(
    'design 4.4: forgetting is one batch, fence first, and every keyring and restart obeys it',
    async (stage) => {
      const one = await stage.keyring();
      const two = await stage.keyring();
      const userRef = one.userRef('gone');
      const stays = one.userRef('stays');
      await one.ensureKeys([userRef, stays]);
      const envelope = one.seal(userRef, binding, secret);
      const kept = one.seal(stays, binding, secret);
      const heard: UserRef[] = [];
      two.onForgotten((fence) => heard.push(fence.userRef));
      const fence = await two.forget(userRef);
      assert.equal(fence.lifecycle, 1);
      assert.equal(fence.fingerprints.length, 1);
      assert.deepEqual(heard, [userRef]);
      await one.catchUp([userRef]);
      const restarted = await stage.keyring();
      for (const keyring of [one, two, restarted]) {
        const erased = { outcome: 'erased', why: 'forgotten', lifecycle: 1, erasedAt: fence.erasedAt };
        assert.deepEqual(keyring.open(binding, envelope), erased);
        assert.equal(keyring.state(userRef), 'forgotten');
        assert.deepEqual(keyring.fence(userRef), fence);
        assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('USER_FORGOTTEN'));
        await assert.rejects(keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
        assert.deepEqual(await keyring.forget(userRef), fence);
        assert.deepEqual(keyring.open(binding, kept), { outcome: 'value', value: secret });
      }
      const records = (await stage.scan()).filter(({ partition }) => partition === one.partitionOf(userRef));
      const at = records.findIndex(({ key }) => parseRecordKey(key)?.kind === 'fence');
      const tombstone = records[at + 1];
      assert.equal(tombstone?.value, null);
      assert.equal(tombstone?.offset, (records[at]?.offset ?? 0n) + 1n);
    },
  );

  check('a user that never had a key is fenced all the same', async (stage) => {
    const keyring = await stage.keyring();
    const userRef = keyring.userRef('never seen');
    const fence = await keyring.forget(userRef);
    assert.deepEqual([fence.lifecycle, fence.fingerprints], [1, []]);
    await assert.rejects((await stage.keyring()).ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
  });

  check(
    'design 4.5: a key record that lands after the fence is dead, and whoever finds it buries it',
    async (stage) => {
      const keyring = await stage.keyring();
      const userRef = keyring.userRef('raced');
      await keyring.ensureKeys([userRef]);
      const envelope = keyring.seal(userRef, binding, secret);
      const record = (await stage.scan()).find(({ key }) => isKeyOf(key, userRef));
      assert.ok(record);
      await keyring.forget(userRef);
      const late = await stage.log();
      const offset = await late.append(record.partition, [record]);
      const finder = await stage.keyring();
      assert.ok(offset > record.offset);
      assert.equal(finder.open(binding, envelope).outcome, 'erased');
      assert.equal(finder.deadRecords().length, 1);
      assert.equal(await finder.buryDead(), 1);
      assert.deepEqual(finder.deadRecords(), []);
      await keyring.catchUp([userRef]);
      assert.deepEqual(keyring.deadRecords(), []);
      assert.equal(keyring.open(binding, envelope).outcome, 'erased');
    },
  );

  check(
    'design 4.6: a forgotten id comes back only as a new lifecycle; old events stay erased',
    async (stage) => {
      const one = await stage.keyring();
      const two = await stage.keyring();
      const userRef = one.userRef('phoenix');
      await one.ensureKeys([userRef]);
      const before = one.seal(userRef, binding, secret);
      await assert.rejects(one.beginLifecycle(userRef), failsWith('USER_NOT_FORGOTTEN'));
      const first = await one.forget(userRef);
      await two.catchUp([userRef]);
      assert.deepEqual(await Promise.all([one.beginLifecycle(userRef), two.beginLifecycle(userRef)]), [2, 2]);
      await one.catchUp([userRef]);
      const after = two.seal(userRef, binding, secret);
      assert.equal(one.open(binding, before).outcome, 'erased');
      assert.deepEqual(one.open(binding, after), { outcome: 'value', value: secret });
      const second = await one.forget(userRef);
      assert.equal(second.lifecycle, 2);
      const restarted = await stage.keyring();
      assert.deepEqual(restarted.open(binding, before), {
        outcome: 'erased',
        why: 'forgotten',
        lifecycle: 1,
        erasedAt: first.erasedAt,
      });
      assert.deepEqual(restarted.open(binding, after), {
        outcome: 'erased',
        why: 'forgotten',
        lifecycle: 2,
        erasedAt: second.erasedAt,
      });
      assert.deepEqual(restarted.deadRecords(), []);
    },
  );

  check('design 4.7: a forged fence is an alarm and erases nothing', async (stage) => {
    const keyring = await stage.keyring();
    const userRef = keyring.userRef('attacked');
    await keyring.ensureKeys([userRef]);
    const envelope = keyring.seal(userRef, binding, secret);
    const alarms: string[] = [];
    keyring.onAlarm(({ code }) => alarms.push(code));
    const log = await stage.log();
    const key = new TextEncoder().encode(userRef);
    await log.append(keyring.partitionOf(userRef), [{ key, value: new Uint8Array(31).fill(1) }]);
    await keyring.catchUp([userRef]);
    assert.deepEqual(alarms, ['FENCE_UNAUTHENTIC']);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    const restarted = await stage.keyring();
    restarted.onAlarm(({ code }) => alarms.push(code));
    assert.equal(alarms.length, 2);
    assert.equal(restarted.state(userRef), 'active');
  });

  check('first starts at the same time agree on one deployment', async (stage) => {
    const keyrings = await Promise.all([stage.keyring(), stage.keyring(), stage.keyring()]);
    assert.equal(new Set(keyrings.map((keyring) => keyring.userRef('x'))).size, 1);
    const standing = new Map<string, boolean>();
    for (const { key, value } of await stage.scan()) {
      const record = parseRecordKey(key);
      if (record?.kind === 'deployment') standing.set(record.id, value !== null);
    }
    assert.equal([...standing.values()].filter(Boolean).length, 1);
  });

  check('other master keys than the topic was made with are refused and leave it alone', async (stage) => {
    const keyring = await stage.keyring();
    const before = (await stage.scan()).length;
    const strange = openTestKeyring({ log: await stage.log(), masterKeys: await testMasterKeys(99) });
    await assert.rejects(strange, failsWith('MASTER_KEY_MISMATCH'));
    assert.equal((await stage.scan()).length, before);
    const again = await stage.keyring();
    assert.equal(again.userRef('x'), keyring.userRef('x'));
  });
}

function isKeyOf(key: Uint8Array, userRef: UserRef): boolean {
  const name = parseRecordKey(key);
  return name?.kind === 'user-key' && name.userRef === userRef;
}

async function scan(harness: KeyTopicHarness): Promise<StoredKeyLogRecord[]> {
  const log = await harness.open();
  const records: StoredKeyLogRecord[] = [];
  await log.follow(
    onlyRecords((batch) => {
      for (const record of batch)
        records.push({ ...record, key: record.key.slice(), value: record.value?.slice() ?? null });
    }),
  );
  await log.close();
  return records;
}
