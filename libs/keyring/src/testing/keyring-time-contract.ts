import assert from 'node:assert/strict';
import { ManualClock } from '@oubliette/runtime/testing';
import type { HeardAt, KeyLog } from '../key-log.js';
import { CountedKeyLog } from './counted-key-log.js';
import { failsWith } from './fails-with.js';
import { binding, isKeyOf, secret, type Check } from './keyring-stage.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;
/** Where time passes and neither the log nor the master key is what it is about. */
const AGES_MS = 36_500 * DAY_MS;
const longLease = { leaseMs: AGES_MS, masterKeyOutageMs: AGES_MS };
const unconfirmed = { outcome: 'unavailable', reason: 'end-unconfirmed' };
/** Of a key record: anything shorter holds no wrapped key. */
const KEY_RECORD_BYTES = 106;

/** Lifetimes and the lease, over any key log: the log's time goes on by itself, the keyring's as the check says. */
export function timeContract(check: Check): void {
  check(
    'design 4.10: a key ends with its lifetime, and the statement of that takes its place in the log',
    async (stage) => {
      const clock = new ManualClock();
      const policies = { '': { lifetimeMs: DAY_MS } };
      const keyring = await stage.keyring({ ...longLease, clock, policies });
      const userRef = keyring.userRef('mortal');
      await keyring.ensureKeys([userRef]);
      const envelope = keyring.seal(userRef, binding, secret);
      clock.advance(DAY_MS - 60_000);
      clock.setWall(clock.now() - DAY_MS);
      assert.equal(keyring.open(binding, envelope).outcome, 'value');
      clock.advance(120_000);
      const ended = keyring.open(binding, envelope);
      assert.ok(ended.outcome === 'erased' && ended.why === 'ended');
      assert.equal(await keyring.retireEnded(), 1);
      const own = (await stage.scan()).filter(({ key }) => isKeyOf(key, userRef));
      assert.ok((own.at(-1)?.value?.length ?? KEY_RECORD_BYTES) < KEY_RECORD_BYTES);
      const restarted = await stage.keyring();
      assert.deepEqual(restarted.open(binding, envelope), ended);
      assert.equal(restarted.state(userRef), 'active');
    },
  );

  check(
    'design 4.10: the lease counts from the moment the log was last heard, by the wall clock too',
    async (stage) => {
      const clock = new ManualClock();
      const log = await stage.log();
      const keyring = await stage.keyring({ ...longLease, log, clock, leaseMs: LEASE_MS });
      const userRef = keyring.userRef('leased');
      await keyring.ensureKeys([userRef]);
      const envelope = keyring.seal(userRef, binding, secret);
      const heard = log.heard(keyring.partitionOf(userRef));
      assert.ok(heard !== null);
      clock.setWall(heard.wall + DAY_MS);
      assert.equal(keyring.isFresh, false);
      assert.deepEqual(keyring.open(binding, envelope), { outcome: 'unavailable', reason: 'store-behind' });
      assert.throws(() => keyring.seal(userRef, binding, secret), failsWith('KEYRING_UNAVAILABLE'));
      clock.setWall(heard.wall);
      assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    },
  );

  check(
    'bad input: a wall clock that is set back a day lengthens no lease and no lifetime',
    async (stage) => {
      const clock = new ManualClock();
      const log = await stage.log();
      const policies = { mortal: { lifetimeMs: HOUR_MS } };
      const keyring = await stage.keyring({ ...longLease, log, clock, policies, leaseMs: 2 * HOUR_MS });
      const userRef = keyring.userRef('set back');
      const partition = keyring.partitionOf(userRef);
      for (const purpose of [undefined, 'mortal']) await keyring.ensureKeys([userRef], purpose);
      const [general, mortal] = [undefined, 'mortal'].map((purpose) =>
        keyring.seal(userRef, binding, secret, purpose),
      );
      assert.ok(general && mortal);
      clock.setWall(Math.min(clock.now(), heardBy(log, partition).wall) - DAY_MS);
      clock.advance(HOUR_MS / 2);
      for (const envelope of [general, mortal])
        assert.equal(keyring.open(binding, envelope).outcome, 'value');
      clock.advance(HOUR_MS / 2);
      assert.equal(keyring.open(binding, mortal).outcome, 'erased');
      assert.equal(keyring.open(binding, general).outcome, 'value');
      clock.advance(heardBy(log, partition).monotonic + 2 * HOUR_MS);
      assert.deepEqual(keyring.open(binding, general), { outcome: 'unavailable', reason: 'store-behind' });
      assert.equal(keyring.isFresh, false);
    },
  );

  check(
    'bad input: a day of sleep, in which the monotonic clock stands, ends leases and lifetimes',
    async (stage) => {
      const clock = new ManualClock();
      const log = await stage.log();
      const policies = { mortal: { lifetimeMs: DAY_MS } };
      const keyring = await stage.keyring({ ...longLease, log, clock, policies, leaseMs: LEASE_MS });
      const userRef = keyring.userRef('asleep');
      for (const purpose of [undefined, 'mortal']) await keyring.ensureKeys([userRef], purpose);
      const [general, mortal] = [undefined, 'mortal'].map((purpose) =>
        keyring.seal(userRef, binding, secret, purpose),
      );
      assert.ok(general && mortal);
      const { wall } = heardBy(log, keyring.partitionOf(userRef));
      clock.setWall(Math.max(clock.now(), wall) + DAY_MS + LEASE_MS);
      assert.deepEqual(keyring.open(binding, general), { outcome: 'unavailable', reason: 'store-behind' });
      assert.deepEqual(keyring.open(binding, mortal), unconfirmed);
    },
  );

  check(
    'bad input: a wall clock that is set ahead erases nothing: what it ends is retriable until the log confirms it',
    async (stage) => {
      const clock = new ManualClock();
      const log = new CountedKeyLog(await stage.log());
      const policies = { mortal: { lifetimeMs: DAY_MS } };
      const keyring = await stage.keyring({ ...longLease, log, clock, policies });
      const other = await stage.keyring({ ...longLease, policies });
      const userRef = keyring.userRef('ahead');
      await keyring.ensureKeys([userRef], 'mortal');
      await other.catchUp([userRef]);
      const envelope = keyring.seal(userRef, binding, secret, 'mortal');
      const right = clock.now();
      clock.setWall(Math.max(right, heardBy(log, keyring.partitionOf(userRef)).wall) + 2 * DAY_MS);
      log.reset();
      for (let time = 0; time < 3; time++) {
        assert.deepEqual(keyring.open(binding, envelope), unconfirmed);
        await keyring.catchUp([userRef]);
        assert.deepEqual(keyring.open(binding, envelope, { caughtUp: true }), unconfirmed);
      }
      assert.equal(await keyring.retireEnded(), 0);
      assert.equal(log.batches, 1, 'the log was asked for its time, once');
      assert.throws(() => keyring.seal(userRef, binding, secret, 'mortal'), failsWith('KEY_MISSING'));
      await other.catchUp([userRef]);
      assert.deepEqual(other.open(binding, envelope), { outcome: 'value', value: secret });
      clock.setWall(right);
      assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
      clock.advance(DAY_MS);
      const ended = keyring.open(binding, envelope);
      assert.ok(ended.outcome === 'erased' && ended.why === 'ended');
    },
  );
}

function heardBy(log: KeyLog, partition: number): HeardAt {
  const heard = log.heard(partition);
  assert.ok(heard !== null);
  return heard;
}
