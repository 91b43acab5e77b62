import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Erasure } from '@oubliette/privacy';
import { TypeOrmErasureStore } from '../src/index.js';
import { openEmbeddedForTest } from './support/embedded.js';

const erasure = (n: number, more: Partial<Erasure> = {}): Erasure => ({
  erasureId: `erasure-${n}`,
  userRef: n.toString(16).padStart(32, '0') as Erasure['userRef'],
  lifecycle: 1,
  state: 'requested',
  requestedAt: 1_700_000_000_000 - n,
  deadline: 1_700_086_400_000,
  boundMs: null,
  forgottenAt: null,
  erasedAt: null,
  note: null,
  ...more,
});

it('the erasure ledger keeps one erasure a user and lifecycle and moves it forward only', async () => {
  const { database, close } = await openEmbeddedForTest();
  const store = new TypeOrmErasureStore(database);
  const first = erasure(1);
  assert.deepEqual(await store.open(first), first);
  assert.deepEqual(await store.open({ ...first, erasureId: 'another' }), first);
  assert.equal(await store.get('another'), null);
  const later = erasure(1, { erasureId: 'later', lifecycle: 2, boundMs: 4000, note: '3 key records left' });
  assert.deepEqual(await store.open(later), later);
  assert.deepEqual(await store.findByUser(first.userRef), later);
  assert.equal(await store.findByUser(erasure(9).userRef), null);
  const opened = await Promise.all([7, 8].map((n) => store.open(erasure(3, { erasureId: `race-${n}` }))));
  assert.equal(opened[0]!.erasureId, opened[1]!.erasureId);

  const forgotten = { ...first, state: 'forgotten', forgottenAt: 1_700_000_000_500 } as const;
  assert.equal(await store.advance(forgotten, 'requested'), true);
  assert.equal(await store.advance(forgotten, 'requested'), false);
  assert.deepEqual(await store.get(first.erasureId), forgotten);
  assert.equal(await store.advance({ ...forgotten, state: 'requested' }, 'forgotten'), false);
  assert.equal(await store.advance({ ...forgotten, note: 'waits' }, 'forgotten'), true);
  assert.equal(
    await store.advance({ ...forgotten, state: 'erased', erasedAt: 1_700_000_009_000 }, 'forgotten'),
    true,
  );
  assert.equal(await store.advance(forgotten, 'erased'), false);
  assert.deepEqual(
    (await store.pending()).map((pending) => pending.erasureId),
    [opened[0]!.erasureId, 'later'],
  );
  await close();
});
