import assert from 'node:assert/strict';
import { parseRecordKey } from '../record-keys.js';
import { binding, secret, type Check } from './keyring-stage.js';

/** Restriction of processing (Art. 18 GDPR), over any key log. */
export function restrictionContract(check: Check): void {
  check(
    'restriction: every keyring and restart obeys it, what is written meanwhile is sealed, and lifted it opens',
    async (stage) => {
      const one = await stage.keyring();
      const two = await stage.keyring();
      const userRef = one.userRef('restricted');
      await one.ensureKeys([userRef]);
      const before = one.seal(userRef, binding, secret);
      const { since } = await two.restrict(userRef);
      const meanwhile = two.seal(userRef, binding, secret);
      await one.catchUp([userRef]);
      for (const keyring of [one, two, await stage.keyring()]) {
        for (const envelope of [before, meanwhile]) {
          const outcome = keyring.open(binding, envelope);
          assert.deepEqual(outcome, { outcome: 'restricted', lifecycle: 1, since });
          const permitted = await keyring.withPermit(userRef, () =>
            Promise.resolve(keyring.open(binding, envelope)),
          );
          assert.deepEqual(permitted, { outcome: 'value', value: secret });
        }
      }
      await one.liftRestriction(userRef);
      await two.catchUp([userRef]);
      for (const keyring of [one, two, await stage.keyring()]) {
        assert.deepEqual(keyring.open(binding, meanwhile), { outcome: 'value', value: secret });
      }
    },
  );

  check('restriction: a forged record neither restricts nor lifts, and forgetting ends it', async (stage) => {
    const one = await stage.keyring();
    const alarms: string[] = [];
    one.onAlarm(({ code }) => alarms.push(code));
    const userRef = one.userRef('restricted');
    await one.ensureKeys([userRef]);
    const envelope = one.seal(userRef, binding, secret);
    await one.restrict(userRef);
    const record = (await stage.scan()).find(({ key }) => parseRecordKey(key)?.kind === 'restriction');
    assert.ok(record?.value);
    const lifted = record.value.slice();
    lifted[5] = 0;
    await (await stage.log()).append(record.partition, [{ key: record.key, value: lifted }]);
    await one.catchUp([userRef]);
    assert.equal(one.open(binding, envelope).outcome, 'restricted');
    assert.deepEqual(alarms, ['RESTRICTION_UNAUTHENTIC']);
    await one.forget(userRef);
    assert.equal(one.open(binding, envelope).outcome, 'erased');
    assert.equal(one.restriction(userRef), null);
    const last = (await stage.scan()).findLast(({ key }) => parseRecordKey(key)?.kind === 'restriction');
    assert.equal(last?.value ?? null, null);
  });
}
