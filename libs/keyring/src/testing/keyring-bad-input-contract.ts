import assert from 'node:assert/strict';
import type { Alarm } from '../alarms.js';
import type { StoredKeyLogRecord } from '../key-log.js';
import type { Binding, Keyring, UserRef } from '../keyring.js';
import { failsWith } from './fails-with.js';
import { binding, isKeyOf, secret, type Check, type Stage } from './keyring-stage.js';
import { openTestKeyring, testMasterKeys } from './test-keyring.js';

/** Where the ciphertext of an envelope begins (SPEC.md, section 8). */
const CIPHERTEXT_AT = 78;

/** What somebody may have done to envelopes and records, over any key log: refused, reported, and nothing erased by it. */
export function badInputContract(check: Check): void {
  check(
    'bad input: other master keys than the topic was made with are refused and leave it alone',
    async (stage) => {
      const keyring = await stage.keyring();
      const before = (await stage.scan()).length;
      const strange = openTestKeyring({ log: await stage.log(), masterKeys: await testMasterKeys(99) });
      await assert.rejects(strange, failsWith('MASTER_KEY_MISMATCH'));
      assert.equal((await stage.scan()).length, before);
      const again = await stage.keyring();
      assert.equal(again.userRef('x'), keyring.userRef('x'));
    },
  );

  check('bad input: every flipped byte and every truncation of an envelope is invalid', async (stage) => {
    const { keyring, userRef, envelope } = await attacked(stage);
    const wrong = Array.from(envelope, (_, at) => flipped(envelope, at));
    for (let length = 0; length < envelope.length; length++) wrong.push(envelope.slice(0, length));
    for (const bytes of wrong) {
      assert.equal(keyring.open(binding, bytes, { caughtUp: true }).outcome, 'invalid');
    }
    assert.equal(keyring.userRefOf(envelope), userRef);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
  });

  check(
    'bad input: values of two fields, users, streams, events and types that changed places are invalid',
    async (stage) => {
      const keyring = await stage.keyring();
      const [ada, bob] = ['ada', 'bob'].map((userId) => keyring.userRef(userId));
      assert.ok(ada && bob);
      await keyring.ensureKeys([ada, bob]);
      const own = keyring.seal(ada, binding, secret);
      const others: readonly [Binding, UserRef][] = [
        [{ ...binding, path: 'email' }, ada],
        [{ ...binding, stream: 'exams' }, ada],
        [{ ...binding, type: 'Passed' }, ada],
        [{ ...binding, eventId: 'e-2' }, ada],
        [binding, bob],
      ];
      for (const [place, userRef] of others) {
        const other = keyring.seal(userRef, place, secret);
        const spliced = [joined(own, other), joined(other, own)];
        for (const bytes of spliced) {
          for (const at of [binding, place]) {
            assert.equal(keyring.open(at, bytes, { caughtUp: true }).outcome, 'invalid');
          }
        }
        if (place === binding) continue;
        const moved = { outcome: 'invalid', reason: 'ciphertext' };
        assert.deepEqual(keyring.open(binding, other), moved);
        assert.deepEqual(keyring.open(place, own), moved);
        assert.deepEqual(keyring.open(place, other), { outcome: 'value', value: secret });
      }
    },
  );

  check('bad input: a tampered key record is refused and reported, and erases nothing', async (stage) => {
    const { keyring, userRef, envelope, alarms } = await attacked(stage);
    const { partition, key, value } = await keyRecordOf(stage, userRef);
    const log = await stage.log();
    await log.append(partition, [{ key, value: flipped(value, value.length - 1) }]);
    await keyring.catchUp([userRef]);
    assert.deepEqual(alarms, ['KEY_RECORD_UNAUTHENTIC']);
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    await log.append(partition, [{ key: new TextEncoder().encode(`${userRef}#${'0'.repeat(16)}`), value }]);
    await keyring.catchUp([userRef]);
    assert.deepEqual(alarms, ['KEY_RECORD_UNAUTHENTIC', 'KEY_RECORD_UNAUTHENTIC']);
    assert.equal(keyring.size().keys, 1);
  });

  check(
    'bad input: a stripped fence and a replayed old key record are reported, and bring nobody back',
    async (stage) => {
      const { keyring, userRef, envelope, alarms } = await attacked(stage);
      const { partition, key, value } = await keyRecordOf(stage, userRef);
      await keyring.forget(userRef);
      const log = await stage.log();
      await log.append(partition, [{ key: new TextEncoder().encode(userRef), value: null }]);
      await log.append(partition, [{ key, value }]);
      await keyring.catchUp([userRef]);
      assert.deepEqual(alarms, ['FENCE_TOMBSTONED', 'KEY_RETURNED']);
      assert.equal(keyring.open(binding, envelope).outcome, 'erased');
      assert.equal(keyring.deadRecords().length, 1);
      await assert.rejects(keyring.ensureKeys([userRef]), failsWith('USER_FORGOTTEN'));
    },
  );

  check(
    'bad input: a key that was tombstoned without a fence is lost and reported, never erased',
    async (stage) => {
      const { keyring, userRef, envelope, alarms } = await attacked(stage);
      const { partition, key } = await keyRecordOf(stage, userRef);
      await (await stage.log()).append(partition, [{ key, value: null }]);
      await keyring.catchUp([userRef]);
      assert.deepEqual(alarms, ['KEY_LOST']);
      assert.deepEqual(keyring.open(binding, envelope, { caughtUp: true }), {
        outcome: 'invalid',
        reason: 'key-unknown',
      });
    },
  );
}

/** A user with a value, and the alarms of the process that wrote it. */
async function attacked(
  stage: Stage,
): Promise<{ keyring: Keyring; userRef: UserRef; envelope: Uint8Array; alarms: Alarm['code'][] }> {
  const keyring = await stage.keyring();
  const userRef = keyring.userRef('attacked');
  await keyring.ensureKeys([userRef]);
  const alarms: Alarm['code'][] = [];
  keyring.onAlarm(({ code }) => alarms.push(code as Alarm['code']));
  return { keyring, userRef, envelope: keyring.seal(userRef, binding, secret), alarms };
}

async function keyRecordOf(
  stage: Stage,
  userRef: UserRef,
): Promise<StoredKeyLogRecord & { value: Uint8Array }> {
  const record = (await stage.scan()).find(({ key }) => isKeyOf(key, userRef));
  assert.ok(record?.value);
  return { ...record, value: record.value };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

/** The header of one envelope with what another one has behind its header. */
function joined(header: Uint8Array, rest: Uint8Array): Uint8Array {
  return Buffer.concat([header.subarray(0, CIPHERTEXT_AT), rest.subarray(CIPHERTEXT_AT)]);
}
