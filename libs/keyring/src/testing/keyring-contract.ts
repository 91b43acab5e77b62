import assert from 'node:assert/strict';
import type { UserRef } from '../keyring.js';
import { parseRecordKey } from '../record-keys.js';
import type { KeyTopicHarness } from './key-log-contract.js';
import { badInputContract } from './keyring-bad-input-contract.js';
import { purposesContract } from './keyring-purposes-contract.js';
import { scaleContract } from './keyring-scale-contract.js';
import { restrictionContract } from './keyring-restriction-contract.js';
import { secrecyContract } from './keyring-secrecy-contract.js';
import { failsWith } from './fails-with.js';
import { binding, checks, isKeyOf, secret } from './keyring-stage.js';
import { timeContract } from './keyring-time-contract.js';
import { LateKeyLog } from './late-key-log.js';

const MOST_LOOKS = 10_000;

/** What a keyring does over any key log: run it on each implementation of the log, as `keyLogContract` is. */
export function keyringContract(name: string, make: () => Promise<KeyTopicHarness>): void {
  const check = checks(name, make);

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

  check('design 4.3: a key that was written and not read back yet is not used', async (stage) => {
    const log = new LateKeyLog(await stage.log());
    const keyring = await stage.keyring({ log });
    const other = await stage.keyring();
    const userRef = keyring.userRef('early');
    log.hold();
    let isMade = false;
    const minting = keyring.ensureKeys([userRef]).then(() => (isMade = true));
    for (let look = 0; look < MOST_LOOKS && other.state(userRef) !== 'active'; look++) {
      await other.catchUp([userRef]);
    }
    assert.equal(other.state(userRef), 'active', 'the key stands in the log');
    assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEY_MISSING'));
    assert.equal(isMade, false);
    log.release();
    await minting;
    const envelope = keyring.seal(userRef, binding, secret);
    assert.deepEqual(other.open(binding, envelope), { outcome: 'value', value: secret });
  });

  check(
    'design 4.4: not arrived yet, erased and never there are three outcomes, and none gives for another',
    async (stage) => {
      const log = new LateKeyLog(await stage.log());
      const late = await stage.keyring({ log });
      const writer = await stage.keyring();
      const [gone, lost] = ['gone', 'lost'].map((userId) => writer.userRef(userId));
      assert.ok(gone && lost);
      log.hold();
      await writer.ensureKeys([gone, lost]);
      const [ofGone, ofLost] = [gone, lost].map((userRef) => writer.seal(userRef, binding, secret));
      assert.ok(ofGone && ofLost);
      for (const envelope of [ofGone, ofLost]) {
        assert.deepEqual(late.open(binding, envelope), { outcome: 'unavailable', reason: 'key-not-seen' });
      }
      log.release();
      await late.catchUp([gone, lost]);
      assert.equal(late.open(binding, ofGone).outcome, 'value');
      await writer.forget(gone);
      const record = (await stage.scan()).find(({ key }) => isKeyOf(key, lost));
      assert.ok(record);
      await (await stage.log()).append(record.partition, [{ key: record.key, value: null }]);
      for (const keyring of [late, await stage.keyring()]) {
        await keyring.catchUp([gone, lost]);
        assert.equal(keyring.open(binding, ofGone, { caughtUp: true }).outcome, 'erased');
        assert.deepEqual(keyring.open(binding, ofLost, { caughtUp: true }), {
          outcome: 'invalid',
          reason: 'key-unknown',
        });
      }
    },
  );

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

  badInputContract(check);
  secrecyContract(check);
  purposesContract(check);
  restrictionContract(check);
  timeContract(check);
  scaleContract(check);
}
