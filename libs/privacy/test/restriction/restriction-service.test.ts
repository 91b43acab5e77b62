import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Binding, Keyring, UserRef } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { ManualClock } from '@oubliette/runtime/testing';
import { RestrictionService } from '../../src/index.js';
import { InMemoryPrivacyLog } from '../../src/testing/index.js';

const binding: Binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
const secret = new TextEncoder().encode('personal');

async function stage() {
  const clock = new ManualClock();
  const topic = new InMemoryKeyTopic({ clock });
  const keyring: Keyring = await openTestKeyring({ topic, clock });
  const log = new InMemoryPrivacyLog();
  const service = new RestrictionService({ keyring, log, clock });
  const ada: UserRef = keyring.userRef('student-4711');
  await keyring.ensureKeys([ada]);
  const sealed = keyring.seal(ada, binding, secret);
  const entries = async () => (await log.list(100)).map(({ kind, reason }) => `${kind}: ${reason}`).reverse();
  return {
    clock,
    keyring,
    log,
    service,
    ada,
    entries,
    outcome: () => keyring.open(binding, sealed).outcome,
  };
}

describe('restricting a user', () => {
  it('is logged with its reason, once, and lifting it too', async () => {
    const { service, entries, outcome, log, ada, clock } = await stage();
    const { since } = await service.restrict('student-4711', 'accuracy contested, Art. 18(1)(a)');
    assert.equal(since, clock.now());
    assert.deepEqual(await service.restrict('student-4711', 'again'), await service.of('student-4711'));
    assert.equal(outcome(), 'restricted');
    await service.lift('student-4711', 'settled');
    await service.lift('student-4711', 'settled');
    assert.equal(outcome(), 'value');
    assert.equal(await service.of('student-4711'), null);
    assert.deepEqual(await entries(), [
      'restricted: accuracy contested, Art. 18(1)(a)',
      'restriction-lifted: settled',
    ]);
    const [entry] = await log.ofUser(ada, 1);
    assert.deepEqual({ at: entry?.at, erasureId: entry?.erasureId }, { at: clock.now(), erasureId: null });
  });

  it('says why, by the log, however often somebody read under a permit since', async () => {
    const { service } = await stage();
    assert.equal(await service.reasonOf('student-4711'), null);
    await service.restrict('student-4711', 'accuracy contested');
    assert.equal(await service.reasonOf('student-4711'), 'accuracy contested');
    for (let reads = 0; reads < 250; reads++)
      await service.withPermission('student-4711', 'consent', () => Promise.resolve());
    assert.equal(await service.reasonOf('student-4711'), 'accuracy contested');
    await service.lift('student-4711', 'settled');
    assert.equal(await service.reasonOf('student-4711'), null);
    await service.restrict('student-4711', 'unlawful');
    assert.equal(await service.reasonOf('student-4711'), 'unlawful');
  });

  it('is not done where it cannot be logged, and neither is lifting or opening', async () => {
    const { service, log, outcome } = await stage();
    log.fail(new Error('database away'));
    await assert.rejects(service.restrict('student-4711', 'x'), /away/);
    assert.equal(outcome(), 'value');
    log.fail(null);
    await service.restrict('student-4711', 'x');
    log.fail(new Error('database away'));
    await assert.rejects(service.lift('student-4711', 'x'), /away/);
    await assert.rejects(
      service.withPermission('student-4711', 'x', () => Promise.resolve(assert.fail('was run'))),
      /away/,
    );
    assert.equal(outcome(), 'restricted');
  });

  it('opens for work with a stated reason alone, which is logged', async () => {
    const { service, outcome, entries } = await stage();
    await service.restrict('student-4711', 'x');
    const work = () => Promise.resolve(outcome());
    assert.equal(await service.withPermission('student-4711', 'court order 12/26', work), 'value');
    assert.equal(outcome(), 'restricted');
    for (const reason of ['', 'for student-4711', 'mail@example.org'])
      await assert.rejects(service.withPermission('student-4711', reason, work), { code: 'REASON_INVALID' });
    await service.lift('student-4711', 'y');
    assert.equal(await service.withPermission('student-4711', 'nothing is restricted', work), 'value');
    assert.deepEqual(await entries(), [
      'restricted: x',
      'restricted-read: court order 12/26',
      'restriction-lifted: y',
    ]);
  });

  it('refuses who is unknown or forgotten, and a reason that could name somebody, before anything is written', async () => {
    const { service, keyring, ada, entries } = await stage();
    await assert.rejects(service.restrict('nobody', 'x'), { code: 'USER_UNKNOWN' });
    await assert.rejects(service.restrict('', 'x'), { code: 'USER_ID_INVALID' });
    await assert.rejects(service.restrict('student-4711', 'ask a@b.c'), { code: 'REASON_INVALID' });
    await keyring.forget(ada);
    for (const act of [
      service.restrict('student-4711', 'x'),
      service.lift('student-4711', 'x'),
      service.of('student-4711'),
    ])
      await assert.rejects(act, { code: 'USER_FORGOTTEN' });
    assert.deepEqual(await entries(), []);
  });
});
