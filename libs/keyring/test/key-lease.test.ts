import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import type { Keyring, UserRef } from '../src/index.js';
import {
  InMemoryKeyTopic,
  InMemoryMasterKeyService,
  openTestKeyring,
  type InMemoryKeyLog,
} from '../src/testing/index.js';
import { binding, failsWith, secret } from './process.js';

const leaseMs = 10_000;
const day = 86_400_000;
const behind = { outcome: 'unavailable', reason: 'store-behind' };

interface Reader {
  readonly topic: InMemoryKeyTopic;
  readonly clock: ManualClock;
  readonly log: InMemoryKeyLog;
  readonly keyring: Keyring;
  readonly ada: UserRef;
  readonly envelope: Uint8Array;
}

async function reader(): Promise<Reader> {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const log = topic.open();
  const keyring = await openTestKeyring({ log, clock, leaseMs });
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  return { topic, clock, log, keyring, ada, envelope: keyring.seal(ada, binding, secret) };
}

test('design 4.10: who cannot hear the topic stops decrypting, encrypting and being ready when the lease ends', async () => {
  const { clock, log, keyring, ada, envelope } = await reader();
  log.hold();
  clock.advance(leaseMs - 1);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  assert.equal(keyring.isFresh, true);
  clock.advance(1);
  assert.deepEqual(keyring.open(binding, envelope), behind);
  assert.deepEqual(keyring.open(binding, envelope, { caughtUp: true }), behind);
  assert.throws(() => keyring.seal(ada, binding, secret), failsWith('KEYRING_UNAVAILABLE'));
  assert.equal(keyring.isFresh, false);
  log.release();
  await keyring.catchUp([ada]);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  assert.equal(keyring.isFresh, true);
});

test('design 4.10: the lease ends by the wall clock too: a machine that slept has not heard the topic', async () => {
  const { clock, log, keyring, envelope } = await reader();
  log.hold();
  clock.setWall(clock.now() + leaseMs);
  assert.deepEqual(keyring.open(binding, envelope), behind);
});

test('design 4.10: a wall clock that is set back a day lengthens no lease', async () => {
  const { clock, log, keyring, envelope } = await reader();
  log.hold();
  clock.setWall(clock.now() - day);
  clock.advance(leaseMs);
  assert.deepEqual(keyring.open(binding, envelope), behind);
});

test('design 4.7: what a fence erased before the lease ended stays erased, and absence is no alarm while it is over', async () => {
  const { topic, clock, log, keyring, ada, envelope } = await reader();
  await keyring.forget(ada);
  const other = await openTestKeyring({ topic, clock });
  const bob = other.userRef('bob');
  log.hold();
  await other.ensureKeys([bob]);
  const unseen = other.seal(bob, binding, secret);
  clock.advance(leaseMs);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
  assert.deepEqual(keyring.open(binding, unseen, { caughtUp: true }), {
    outcome: 'unavailable',
    reason: 'key-not-seen',
  });
});

test('design 4.10: away longer than tombstones stand, everything is read anew: a missed tombstone is not missed', async () => {
  const { topic, clock, log, keyring, ada, envelope } = await reader();
  const told: string[] = [];
  keyring.onForgotten(({ userRef }) => told.push(userRef));
  const bob = keyring.userRef('bob');
  await keyring.ensureKeys([bob]);
  const kept = keyring.seal(bob, binding, secret);
  log.hold();
  const other = await openTestKeyring({ topic, clock });
  await other.forget(ada);
  await other.close();
  topic.compact({ dropTombstones: true });
  await clock.advanceAsync(day + 1);
  log.release();
  await keyring.catchUp([ada, bob]);
  assert.equal(keyring.open(binding, envelope).outcome, 'erased');
  assert.deepEqual(keyring.open(binding, kept), { outcome: 'value', value: secret });
  assert.deepEqual(keyring.size(), { users: 1, keys: 1, forgotten: 1 });
  assert.deepEqual(told, [ada]);
});

test('design 4.10: a key whose fence and tombstones were all missed is gone after the restart, and its loss is no secret', async () => {
  const { topic, clock, log, keyring, ada, envelope } = await reader();
  log.hold();
  topic.append(
    keyring.partitionOf(ada),
    topic.records(keyring.partitionOf(ada)).map(({ key }) => ({ key, value: null })),
  );
  topic.compact({ dropTombstones: true });
  clock.advance(day + 1);
  log.release();
  await keyring.catchUp([ada]);
  assert.deepEqual(keyring.open(binding, envelope, { caughtUp: true }), {
    outcome: 'invalid',
    reason: 'key-unknown',
  });
});

test('design 4.10: a second restart tells nobody again who was forgotten before', async () => {
  const { clock, log, keyring, ada } = await reader();
  const told: string[] = [];
  keyring.onForgotten(({ userRef }) => told.push(userRef));
  await keyring.forget(ada);
  for (let turn = 0; turn < 2; turn++) {
    log.hold();
    clock.advance(day + 1);
    log.release();
    await keyring.catchUp([ada]);
  }
  assert.deepEqual(told, [ada]);
  assert.equal(keyring.state(ada), 'forgotten');
});

test('an outage of the master key leaves known users working for the stated time, then fails as retriable, and ends with it', async () => {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const service = new InMemoryMasterKeyService();
  const hour = 3_600_000;
  const keyring = await openTestKeyring({
    topic,
    clock,
    masterKeys: await service.open(),
    masterKeyOutageMs: 4 * hour,
    confirmMasterKeyEveryMs: hour,
  });
  const ada = keyring.userRef('ada');
  await keyring.ensureKeys([ada]);
  const envelope = keyring.seal(ada, binding, secret);
  service.state = 'down';
  await clock.advanceAsync(4 * hour - 1);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  await keyring.ensureKeys([keyring.userRef('bob')]);
  await clock.advanceAsync(1);
  assert.deepEqual(keyring.open(binding, envelope), {
    outcome: 'unavailable',
    reason: 'master-key-unavailable',
  });
  assert.equal(keyring.isFresh, false);
  assert.throws(() => keyring.seal(ada, binding, secret), failsWith('MASTER_KEY_UNAVAILABLE'));
  await assert.rejects(keyring.ensureKeys([keyring.userRef('eve')]), failsWith('MASTER_KEY_UNAVAILABLE'));
  // What others write meanwhile is read once the keys are back.
  const other = await openTestKeyring({
    topic,
    clock,
    masterKeys: await new InMemoryMasterKeyService().open(),
  });
  const carol = other.userRef('carol');
  await other.ensureKeys([carol]);
  const later = other.seal(carol, binding, secret);
  assert.equal(keyring.open(binding, later).outcome, 'unavailable');
  service.state = 'up';
  await clock.advanceAsync(60_000);
  assert.equal(keyring.open(binding, envelope).outcome, 'value');
  assert.equal(keyring.open(binding, later).outcome, 'value');
  assert.equal(keyring.isFresh, true);
  await Promise.all([keyring.close(), other.close()]);
  assert.equal(clock.pending, 0, 'a closed keyring waits for nothing');
});
