import assert from 'node:assert/strict';
import { ManualClock } from '@oubliette/runtime/testing';
import { FreshKeyLog } from './fresh-key-log.js';
import { failsWith } from './fails-with.js';
import { binding, secret, type Check } from './keyring-stage.js';

const DAY_MS = 86_400_000;
/** Where time passes and neither the log nor the master key is what it is about. */
const AGES_MS = 36_500 * DAY_MS;
const longLease = { leaseMs: AGES_MS, masterKeyOutageMs: AGES_MS };

const kidOf = (envelope: Uint8Array): string => Buffer.from(envelope.slice(14, 22)).toString('hex');

/** Purposes and rotation, over any key log. */
export function purposesContract(check: Check): void {
  check(
    'purposes: withdrawing a purpose ends its keys alone, everywhere; granted anew it begins with others',
    async (stage) => {
      const one = await stage.keyring();
      const two = await stage.keyring();
      const userRef = one.userRef('consents');
      const sealed = new Map<string, Uint8Array>();
      for (const purpose of ['marketing', 'billing']) {
        await one.ensureKeys([userRef], purpose);
        sealed.set(purpose, one.seal(userRef, binding, secret, purpose));
      }
      const [marketing, billing] = [...sealed.values()];
      assert.ok(marketing && billing);
      const fence = await two.withdraw(userRef, 'marketing');
      await one.catchUp([userRef]);
      const restarted = await stage.keyring();
      for (const keyring of [one, two, restarted]) {
        const { erasedAt } = fence;
        assert.deepEqual(keyring.open(binding, marketing), {
          outcome: 'erased',
          why: 'withdrawn',
          lifecycle: 1,
          erasedAt,
        });
        assert.deepEqual(keyring.open(binding, billing), { outcome: 'value', value: secret });
        await assert.rejects(keyring.ensureKeys([userRef], 'marketing'), failsWith('PURPOSE_WITHDRAWN'));
      }
      await Promise.all([one.grant(userRef, 'marketing'), two.grant(userRef, 'marketing')]);
      await one.catchUp([userRef]);
      const again = one.seal(userRef, binding, secret, 'marketing');
      await two.catchUp([userRef]);
      assert.deepEqual(two.open(binding, again), { outcome: 'value', value: secret });
      assert.equal(two.open(binding, marketing).outcome, 'erased');
      await two.forget(userRef);
      await one.catchUp([userRef]);
      for (const envelope of [again, billing]) assert.equal(one.open(binding, envelope).outcome, 'erased');
      const records = await stage.scan();
      const bytes = records.map(({ key, value }) => Buffer.concat([key, value ?? Buffer.alloc(0)]));
      assert.doesNotMatch(Buffer.concat(bytes).toString('latin1'), /marketing|billing/);
    },
  );

  check(
    'rotation: keyrings that rotate at once agree on the new key, and old values stay readable',
    async (stage) => {
      const one = await stage.keyring();
      const two = await stage.keyring();
      const userRef = one.userRef('rotated');
      await one.ensureKeys([userRef]);
      await two.catchUp([userRef]);
      const before = one.seal(userRef, binding, secret);
      await Promise.all([one.rotate([userRef]), two.rotate([userRef])]);
      await Promise.all([one.catchUp([userRef]), two.catchUp([userRef])]);
      const after = one.seal(userRef, binding, secret);
      assert.notEqual(kidOf(after), kidOf(before));
      assert.equal(kidOf(two.seal(userRef, binding, secret)), kidOf(after));
      const restarted = await stage.keyring();
      for (const envelope of [before, after]) {
        assert.deepEqual(restarted.open(binding, envelope), { outcome: 'value', value: secret });
      }
      assert.equal((await restarted.forget(userRef)).fingerprints.length, 3);
    },
  );

  check(
    'rotation: a key that is old by the log’s append time gives way to a new one, also after a restart',
    async (stage) => {
      const clock = new ManualClock();
      const policies = { '': { rotateAfterMs: 30 * DAY_MS } };
      const open = async () =>
        stage.keyring({ ...longLease, log: new FreshKeyLog(await stage.log(), clock), clock, policies });
      const keyring = await open();
      const userRef = keyring.userRef('old');
      await keyring.ensureKeys([userRef]);
      const before = keyring.seal(userRef, binding, secret);
      clock.advance(30 * DAY_MS + 1);
      const restarted = await open();
      for (const process of [keyring, restarted]) {
        // What the log's time did not tell a process that started now, the time that passes from here on does.
        clock.advance(30 * DAY_MS + 1);
        await process.ensureKeys([userRef]);
        assert.notEqual(kidOf(process.seal(userRef, binding, secret)), kidOf(before));
      }
    },
  );
}
