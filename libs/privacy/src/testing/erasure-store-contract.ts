import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { Erasure, ErasureStore, LedgerEntry } from '../ports.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import type { TopicErasure, TopicPartitionEvidence } from '../ways/topic-erasure.js';
import { requestedErasure } from './requested-erasure.js';

/** What a test of the contract gets: an empty store, and how to end it. */
export interface ErasureStoreUnderTest extends UnderTest {
  readonly store: ErasureStore;
}

/** What every ErasureStore must do. `factory` gives an empty one each time. */
export function erasureStoreContract(name: string, factory: () => Promise<ErasureStoreUnderTest>): void {
  const check = checksOnEach(factory);
  describe(`erasure store: ${name}`, () => {
    check('gives back what was opened, every field of it', async ({ store }) => {
      const full: Erasure = {
        ...requested('e-1', 1),
        boundMs: 75_000,
        forgottenAt: 1_700_000_000_001,
        erasedAt: null,
        note: '1 key record left',
      };
      assert.deepEqual(await store.open(full), full);
      assert.deepEqual(await store.get('e-1'), full);
      assert.deepEqual(await store.findByUser(full.userRef), full);
    });

    check('knows nothing of what was never opened', async ({ store }) => {
      assert.equal(await store.get('e-1'), null);
      assert.equal(await store.findByUser(userRef(1)), null);
      assert.deepEqual(await store.pending(9), []);
      assert.equal(await store.advance(requested('e-1', 1, { revision: 1 })), false);
    });

    check('adds every step of every erasure, and gives them in order a page at a time', async ({ store }) => {
      const [one, two] = await store.openAll([requested('e-1', 1), requested('e-2', 2)]);
      assert.ok(one && two);
      const held: Erasure = { ...one, revision: 1, state: 'held', note: 'held' };
      const forgotten: Erasure = { ...held, revision: 2, state: 'forgotten', forgottenAt: 5, note: null };
      await store.advance(held);
      await store.advance(forgotten);
      await store.advance({ ...two, revision: 2, state: 'forgotten' });
      await store.openAll([requested('e-9', 1)]);
      const entries: LedgerEntry[] = [];
      for (let after = 0; ;) {
        const page = await store.entries(after, 3);
        if (page.length === 0) break;
        assert.ok(page.length <= 3 && page.every(({ number }) => number > after));
        entries.push(...page);
        after = page.at(-1)?.number ?? after;
      }
      assert.deepEqual(
        entries.map(({ erasure }) => erasure),
        [one, two, held, forgotten],
      );
    });

    check('opens one erasure for a user and lifecycle, however many ask at once', async ({ store }) => {
      const asked = Array.from({ length: 8 }, (_, index) => requested(`e-${index}`, 1));
      const opened = await Promise.all(asked.map((erasure) => store.open(erasure)));
      assert.equal(new Set(opened.map(({ erasureId }) => erasureId)).size, 1);
      assert.equal((await store.pending(9)).length, 1);
    });

    check('opens many at once, those that stand as they stand, in the order given', async ({ store }) => {
      const standing = await store.open(requested('e-0', 1));
      const asked = [requested('e-1', 2), requested('e-2', 1), requested('e-3', 3), requested('e-4', 2)];
      const opened = await store.openAll(asked);
      assert.deepEqual(
        opened.map(({ erasureId }) => erasureId),
        ['e-1', 'e-0', 'e-3', 'e-1'],
      );
      assert.deepEqual(opened[1], standing);
      assert.equal((await store.pending(9)).length, 3);
      assert.deepEqual(await store.openAll([]), []);
    });

    check('moves many at once, those that stand where they are to', async ({ store }) => {
      const erasures = await store.openAll([1, 2, 3, 4].map((n) => requested(`e-${n}`, n)));
      const [first] = erasures;
      assert.ok(first);
      await store.advance({ ...first, revision: 1, state: 'forgotten', forgottenAt: 7 });
      const absent = requested('e-9', 9);
      const moved = await store.advanceAll(
        [...erasures, absent].map((erasure, index) => ({
          ...erasure,
          revision: 1,
          state: 'forgotten',
          forgottenAt: index,
        })),
      );
      assert.deepEqual([...moved].sort(), ['e-2', 'e-3', 'e-4']);
      assert.equal((await store.get('e-1'))?.forgottenAt, 7);
      assert.deepEqual(await store.get('e-3'), {
        ...erasures[2],
        revision: 1,
        state: 'forgotten',
        forgottenAt: 2,
      });
      assert.equal(await store.get('e-9'), null);
      assert.equal((await store.advanceAll([])).size, 0);
      assert.equal((await store.advanceAll([requested('e-3', 3, { revision: 2 })])).size, 0, 'never back');
    });

    check('puts back what was lost: the later step of an erasure wins', async ({ store }) => {
      const [one, two] = await store.openAll([requested('e-1', 1), requested('e-2', 2)]);
      assert.ok(one && two);
      await store.advance({ ...two, revision: 1, state: 'forgotten', forgottenAt: 7 });
      const lost = [
        requested('e-1', 1, { revision: 3, state: 'erased', forgottenAt: 4, erasedAt: 5 }),
        requested('e-2', 2, { revision: 1, state: 'held' }),
        requested('e-3', 3, { revision: 2, state: 'forgotten', forgottenAt: 6 }),
        requested('e-9', 1, { revision: 5 }),
        requested('e-8', 3, { revision: 1 }),
      ];
      assert.deepEqual([...(await store.restore(lost))].sort(), ['e-1', 'e-3']);
      const all = await store.getAll(['e-1', 'e-2', 'e-3', 'e-9']);
      assert.deepEqual(all.get('e-1'), lost[0]);
      assert.equal(all.get('e-2')?.forgottenAt, 7);
      assert.deepEqual(all.get('e-3'), lost[2]);
      assert.equal(all.has('e-9'), false);
      assert.equal((await store.restore(lost)).size, 0);
      assert.equal((await store.entries(0, 100)).length, 5);
      assert.equal(await store.advance({ ...lost[2]!, revision: 3, note: 'goes on' }), true);
    });

    check('opens another erasure for another lifecycle, and finds the latest by user', async ({ store }) => {
      await store.open(requested('e-2', 1, { lifecycle: 2 }));
      await store.open(requested('e-1', 1, { lifecycle: 1 }));
      assert.equal((await store.findByUser(userRef(1)))?.erasureId, 'e-2');
      assert.equal((await store.pending(9)).length, 2);
    });

    check('moves on only from the revision that stands', async ({ store }) => {
      const first = requested('e-1', 1);
      await store.open(first);
      const forgotten: Erasure = {
        ...first,
        revision: 1,
        state: 'forgotten',
        updatedAt: first.requestedAt + 6,
        law: 'another',
        deadline: first.deadline + 1,
        extension: { at: first.requestedAt + 4, reason: 'many requests' },
        hold: { at: 1, reason: 'a-ticket', liftedAt: null },
        keys: { partition: 3, fingerprints: ['00'.repeat(16)] },
        forgottenAt: first.requestedAt + 5,
      };
      assert.equal(await store.advance({ ...forgotten, revision: 2 }), false);
      assert.equal(await store.advance({ ...forgotten, revision: 0 }), false);
      assert.deepEqual(await store.get('e-1'), first);
      assert.equal(await store.advance(forgotten), true);
      assert.equal(await store.advance(forgotten), false);
      assert.deepEqual(await store.get('e-1'), forgotten);
      assert.deepEqual(await store.open(requested('e-9', 1)), forgotten);
    });

    check('lets one of several win the same step', async ({ store }) => {
      const first = requested('e-1', 1);
      await store.open(first);
      const wins = await Promise.all(
        [1, 2, 3, 4].map((forgottenAt) =>
          store.advance({ ...first, revision: 1, state: 'forgotten', forgottenAt }),
        ),
      );
      assert.equal(wins.filter((won) => won).length, 1);
    });

    check('lists what is not yet erased, oldest first', async ({ store }) => {
      const at = (id: string, user: number, requestedAt: number): Erasure =>
        requested(id, user, { requestedAt });
      await store.open(at('e-late', 1, 3_000));
      await store.open(at('e-early', 2, 1_000));
      await store.open(at('e-middle', 3, 2_000));
      await store.advance({ ...at('e-middle', 3, 2_000), revision: 1, state: 'erased', erasedAt: 2_500 });
      const ids = (await store.pending(9)).map(({ erasureId }) => erasureId);
      assert.deepEqual(ids, ['e-early', 'e-late']);
    });

    check(
      'lists what is not yet erased a page at a time, also where they were asked at once',
      async ({ store }) => {
        const at = (user: number): number => (user < 3 ? 1_000 : 2_000);
        const asked = [5, 3, 1, 4, 2, 6].map((user) =>
          requested(`e-${user}`, user, { requestedAt: at(user) }),
        );
        await store.openAll(asked);
        const ids: string[] = [];
        let last: Erasure | undefined;
        do {
          const page = await store.pending(2, last);
          assert.ok(page.length <= 2);
          last = page.at(-1);
          for (const erasure of page) {
            ids.push(erasure.erasureId);
            // What is done meanwhile moves no page.
            await store.advance({ ...erasure, revision: 1, state: 'erased', erasedAt: 3_000 });
          }
        } while (last !== undefined);
        assert.deepEqual(ids, ['e-1', 'e-2', 'e-3', 'e-4', 'e-5', 'e-6']);
        assert.deepEqual(await store.pending(9), []);
      },
    );

    check(
      'lists all of them a page at a time, newest first, also where they were asked at once',
      async ({ store }) => {
        for (const [user, requestedAt] of [2_000, 3_000, 1_000, 2_000, 2_000].entries())
          await store.open(requested(`e-${user}`, user, { requestedAt }));
        await store.advance(
          requested('e-1', 1, { requestedAt: 3_000, revision: 1, state: 'erased', erasedAt: 3_500 }),
        );
        const pages: string[][] = [];
        for (let last: Erasure | undefined; ;) {
          const page = await store.list(2, last);
          if (page.length === 0) break;
          pages.push(page.map(({ erasureId }) => erasureId));
          assert.ok(pages.length < 5, 'paging comes to an end');
          last = page.at(-1);
        }
        assert.deepEqual(pages, [['e-1', 'e-4'], ['e-3', 'e-0'], ['e-2']]);
        assert.equal((await store.list(100)).length, 5);
        assert.equal((await store.list(1))[0]?.state, 'erased');
      },
    );

    check('gives those erased with replicas that nobody could see, and their evidence', async ({ store }) => {
      await store.openAll([1, 2, 3].map((user) => requested(`e-${user}`, user, { requestedAt: user })));
      const evidence = (unseen: ErasureEvidence['unseen']): ErasureEvidence => ({
        partition: 1,
        passes: [{ at: 5, replica: 1, logStart: '0', highWatermark: '18014398509481985', records: 3 }],
        unseen,
        unlinkedAt: 9,
        bound: { ms: null, terms: [{ name: 'a', setting: 'b', ms: 1 }] },
        lateRecords: 0,
      });
      const erased = (user: number, unseen: ErasureEvidence['unseen'], revision = 1): Erasure =>
        requested(`e-${user}`, user, {
          requestedAt: user,
          revision,
          state: 'erased',
          evidence: evidence(unseen),
        });
      const away = [{ replica: 2, why: 'down' as const }];
      await store.advanceAll([erased(1, away), erased(2, []), erased(3, away)]);
      assert.deepEqual(await store.unseen(10), [erased(1, away), erased(3, away)]);
      assert.equal((await store.unseen(1)).length, 1);
      assert.equal(await store.advance(erased(1, [], 2)), true);
      assert.deepEqual(await store.unseen(10), [erased(3, away)]);
      assert.deepEqual(await store.get('e-1'), erased(1, [], 2));
    });

    check(
      'keeps the topics of an erasure, and gives it while a replica of one could not be seen',
      async ({ store }) => {
        const away = [{ replica: 2, why: 'out of sync' as const }];
        const seen = (unseen: TopicPartitionEvidence['unseen']): TopicErasure['evidence'] => [
          { partition: 0, mark: '18014398509481985', tombstones: 0, passes: [], unseen, unlinkedAt: 9 },
        ];
        const marks = [{ partition: 0, offset: '18014398509481985' }];
        const topic = { topic: 'visits', way: 'expiry' as const, boundMs: null, marks };
        const at = (revision: number, evidence: TopicErasure['evidence']): Erasure =>
          requested('e-1', 1, { revision, state: 'forgotten', topics: [{ ...topic, evidence }] });
        await store.open(requested('e-1', 1));
        for (const [revision, evidence] of [null, seen(away), seen([])].entries()) {
          const step = at(revision + 1, evidence);
          assert.equal(await store.advance(step), true);
          assert.deepEqual(await store.get('e-1'), step);
          assert.deepEqual((await store.entries(0, 10)).at(-1)?.erasure, step);
          assert.equal((await store.unseen(10)).length, revision === 1 ? 1 : 0);
        }
      },
    );

    check('counts them by state', async ({ store }) => {
      assert.deepEqual(await store.counts(), { requested: 0, held: 0, forgotten: 0, erased: 0 });
      for (const user of [1, 2, 3, 4]) await store.open(requested(`e-${user}`, user));
      await store.advance(requested('e-1', 1, { revision: 1, state: 'erased', erasedAt: 1 }));
      await store.advance(requested('e-2', 2, { revision: 1, state: 'forgotten', forgottenAt: 1 }));
      assert.deepEqual(await store.counts(), { requested: 2, held: 0, forgotten: 1, erased: 1 });
    });
  });
}

function requested(erasureId: string, user: number, change: Partial<Erasure> = {}): Erasure {
  return requestedErasure({ erasureId, userRef: userRef(user), ...change });
}

function userRef(user: number): UserRef {
  return user.toString(16).padStart(32, '0') as UserRef;
}
