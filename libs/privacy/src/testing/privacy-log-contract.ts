import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { PrivacyLog, PrivacyLogEntry } from '../log/privacy-log.js';

/** What a test of the contract gets: an empty log, and how to end it. */
export interface PrivacyLogUnderTest extends UnderTest {
  readonly log: PrivacyLog;
}

/** What every PrivacyLog must do. `factory` gives an empty one each time. */
export function privacyLogContract(name: string, factory: () => Promise<PrivacyLogUnderTest>): void {
  const check = checksOnEach(factory);
  describe(`privacy log: ${name}`, () => {
    check('gives back what was added, every field of it, newest first', async ({ log }) => {
      assert.deepEqual(await log.list(10), []);
      const first = await log.append(entry(1, { erasureId: '0b8f1d7e-0000-4000-8000-000000000001' }));
      const second = await log.append(
        entry(2, { at: 0, kind: 'hold-lifted', reason: 'Art. 18 (1) a: Prüfung #4711' }),
      );
      assert.ok(first.id < second.id);
      assert.deepEqual(first, {
        ...entry(1, { erasureId: '0b8f1d7e-0000-4000-8000-000000000001' }),
        id: first.id,
      });
      assert.deepEqual(await log.list(10), [second, first]);
    });

    check('takes an act that repeats as another entry', async ({ log }) => {
      const ids = [await log.append(entry(1)), await log.append(entry(1))].map(({ id }) => id);
      assert.equal(new Set(ids).size, 2);
      assert.equal((await log.list(10)).length, 2);
    });

    check('lists a page at a time, also of one user', async ({ log }) => {
      for (const user of [1, 2, 1, 1, 2]) await log.append(entry(user));
      const ids = (await log.list(10)).map(({ id }) => id);
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => b - a),
      );
      const page = await log.list(2, ids[1]);
      assert.deepEqual(
        page.map(({ id }) => id),
        ids.slice(2, 4),
      );
      const own = await log.ofUser(userRef(1), 10);
      assert.deepEqual(
        own.map(({ id }) => id),
        [ids[1], ids[2], ids[4]],
      );
      const next = await log.ofUser(userRef(1), 1, own[0]?.id);
      assert.deepEqual(next, own.slice(1, 2));
      assert.deepEqual(await log.ofUser(userRef(3), 10), []);
      assert.deepEqual(await log.list(10, ids.at(-1)), []);
    });

    check('says who is under a hold that was not lifted since', async ({ log }) => {
      assert.equal((await log.heldAmong([])).size, 0);
      await log.append(entry(1, { kind: 'held', reason: 'first' }));
      await log.append(entry(2, { kind: 'held' }));
      await log.append(entry(2, { kind: 'hold-lifted' }));
      await log.append(entry(3, { kind: 'held' }));
      await log.append(entry(4, { kind: 'restricted' }));
      await log.append(entry(1, { kind: 'hold-lifted' }));
      const again = await log.append(entry(1, { kind: 'held', reason: 'again' }));
      await log.append(entry(1, { kind: 'restricted' }));
      const held = await log.heldAmong([1, 2, 4, 5].map(userRef));
      assert.deepEqual([...held], [[userRef(1), again]]);
    });

    check('tells the restrictions that stand, a page at a time, oldest first', async ({ log }) => {
      assert.deepEqual(await log.standingRestrictions(10), []);
      await log.append(entry(1));
      const second = await log.append(entry(2));
      await log.append(entry(3));
      await log.append(entry(3, { kind: 'restriction-lifted' }));
      const again = await log.append(entry(1, { reason: 'again' }));
      await log.append(entry(2, { kind: 'restricted-read' }));
      await log.append(entry(2, { kind: 'hold-lifted' }));
      await log.append(entry(4, { kind: 'held' }));
      assert.deepEqual(await log.standingRestrictions(10), [second, again]);
      assert.deepEqual(await log.standingRestrictions(1), [second]);
      assert.deepEqual(await log.standingRestrictions(1, second.id), [again]);
      assert.deepEqual(await log.standingRestrictions(1, again.id), []);
    });

    check('gives every one of many that are added at once its own place', async ({ log }) => {
      const added = await Promise.all(Array.from({ length: 20 }, (_, user) => log.append(entry(user))));
      assert.equal(new Set(added.map(({ id }) => id)).size, 20);
      assert.equal((await log.list(100)).length, 20);
    });

    check('refuses what could name somebody, and writes nothing then', async ({ log }) => {
      for (const reason of [
        '',
        ' ',
        'x'.repeat(201),
        'asked by ada@example.org',
        'two\nlines',
        'http://x?y=1',
        '"quoted"',
      ]) {
        await assert.rejects(log.append(entry(1, { reason })), { code: 'REASON_INVALID' }, reason);
      }
      await assert.rejects(log.append(entry(1, { userRef: 'student-4711' as UserRef })), {
        code: 'LOG_ENTRY_INVALID',
      });
      await assert.rejects(log.append(entry(1, { kind: 'forgotten' as 'held' })), {
        code: 'LOG_ENTRY_INVALID',
      });
      for (const at of [-1, 0.5, NaN])
        await assert.rejects(log.append(entry(1, { at })), { code: 'LOG_ENTRY_INVALID' });
      assert.deepEqual(await log.list(10), []);
      await log.append(entry(1, { reason: 'x'.repeat(200) }));
    });
  });
}

function entry(user: number, change: Partial<PrivacyLogEntry> = {}): PrivacyLogEntry {
  return {
    at: 1_700_000_000_000,
    kind: 'restricted',
    userRef: userRef(user),
    reason: 'accuracy-contested',
    erasureId: null,
    ...change,
  };
}

function userRef(user: number): UserRef {
  return user.toString(16).padStart(32, '0') as UserRef;
}
