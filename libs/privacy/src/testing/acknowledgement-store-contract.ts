import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach, type UnderTest } from '@oubliette/runtime/testing';
import type { Acknowledgement, AcknowledgementStore, GivenAnswer } from '../processors/acknowledgement.js';

/** What a test of the contract gets: an empty store, and how to end it. */
export interface AcknowledgementStoreUnderTest extends UnderTest {
  readonly store: AcknowledgementStore;
}

/** What every AcknowledgementStore must do. `factory` gives an empty one each time. */
export function acknowledgementStoreContract(
  name: string,
  factory: () => Promise<AcknowledgementStoreUnderTest>,
): void {
  const check = checksOnEach(factory);
  describe(`acknowledgement store: ${name}`, () => {
    check('opens what is missing, due at once, and leaves what stands', async ({ store }) => {
      await store.open(['e-1'], ['mailing'], 100);
      await store.open(['e-1', 'e-2'], ['mailing', 'crm'], 200);
      assert.deepEqual(
        [...(await store.of(['e-1', 'e-2', 'e-3']))].sort(([a], [b]) => (a < b ? -1 : 1)),
        [
          ['e-1', [row('e-1', 'crm', { dueAt: 200 }), row('e-1', 'mailing', { dueAt: 100 })]],
          ['e-2', [row('e-2', 'crm', { dueAt: 200 }), row('e-2', 'mailing', { dueAt: 200 })]],
        ],
      );
      await store.open(['e-3'], [], 1);
      await store.open([], ['crm'], 1);
      assert.equal((await store.of(['e-3'])).size, 0);
      assert.equal((await store.of([])).size, 0);
    });

    check('gives the erasures that are due, the longest due first, each once', async ({ store }) => {
      await store.open(['e-1'], ['crm', 'mailing'], 300);
      await store.open(['e-2'], ['crm'], 100);
      await store.open(['e-3'], ['crm'], 400);
      assert.deepEqual(await store.due(99, 10), []);
      assert.deepEqual(await store.due(300, 10), ['e-2', 'e-1']);
      assert.deepEqual(await store.due(300, 1), ['e-2']);
      assert.deepEqual(await store.due(400, 10), ['e-2', 'e-1', 'e-3']);
    });

    check('counts an ask once, of rows that stand as they are given', async ({ store }) => {
      await store.open(['e-1'], ['crm', 'mailing'], 1);
      const rows = (await store.of(['e-1'])).get('e-1') ?? [];
      await store.asked(rows, 5, 50);
      await store.asked(rows, 6, 60);
      const after = { asks: 1, askedAt: 5, dueAt: 50 };
      assert.deepEqual((await store.of(['e-1'])).get('e-1'), [
        row('e-1', 'crm', after),
        row('e-1', 'mailing', after),
      ]);
      assert.deepEqual(await store.due(49, 10), []);
      await store.asked([row('e-1', 'crm', after)], 51, null);
      await store.asked([row('e-1', 'mailing', after)], 51, null);
      assert.deepEqual(await store.due(Number.MAX_SAFE_INTEGER, 10), []);
      await store.asked([], 1, 1);
      await store.asked([row('e-9', 'crm', {})], 1, 1);
      assert.equal((await store.of(['e-9'])).size, 0);
    });

    check('keeps the first answer of each, which is due no more', async ({ store }) => {
      await store.open(['e-1'], ['crm', 'mailing'], 1);
      const erased = answer('crm', { outcome: 'erased', text: 'ticket 12: Löschung', reason: null });
      assert.equal(await store.answer(erased), true);
      assert.equal(await store.answer(erased), false);
      assert.equal(await store.answer(answer('crm', {})), false);
      const refused = answer('mailing', {});
      assert.equal(await store.answer(refused), true);
      const rows = (await store.of(['e-1'])).get('e-1');
      assert.deepEqual(rows, [
        row('e-1', 'crm', { ...erased, dueAt: null }),
        row('e-1', 'mailing', { ...refused, dueAt: null }),
      ]);
      assert.deepEqual(await store.due(Number.MAX_SAFE_INTEGER, 10), []);
      await store.asked(rows, 9, 99);
      assert.deepEqual((await store.of(['e-1'])).get('e-1'), rows);
    });

    check('takes no answer of who was not asked', async ({ store }) => {
      await store.open(['e-1'], ['crm'], 1);
      assert.equal(await store.answer(answer('mailing', {})), false);
      assert.equal(await store.answer({ ...answer('crm', {}), erasureId: 'e-2' }), false);
      assert.deepEqual((await store.of(['e-1', 'e-2'])).get('e-1'), [row('e-1', 'crm', { dueAt: 1 })]);
    });

    check('lets one of several answers stand that come at once', async ({ store }) => {
      await store.open(['e-1'], ['crm'], 1);
      const answers = ['a', 'b', 'c', 'd'].map((text) => answer('crm', { text }));
      const taken = await Promise.all(answers.map((one) => store.answer(one)));
      assert.equal(taken.filter((won) => won).length, 1);
      const [standing] = (await store.of(['e-1'])).get('e-1') ?? [];
      assert.equal(standing?.text, answers[taken.indexOf(true)]?.text);
    });
  });
}

function row(erasureId: string, processor: string, change: Partial<Acknowledgement>): Acknowledgement {
  return {
    erasureId,
    processor,
    asks: 0,
    askedAt: null,
    dueAt: null,
    outcome: 'outstanding',
    answeredAt: null,
    reason: null,
    text: null,
    ...change,
  };
}

function answer(processor: string, change: Partial<GivenAnswer>): GivenAnswer {
  return {
    erasureId: 'e-1',
    processor,
    outcome: 'refused',
    answeredAt: 7,
    reason: 'legal-claims',
    text: null,
    ...change,
  };
}
