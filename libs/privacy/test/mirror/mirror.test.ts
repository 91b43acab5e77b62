import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { silentLogger } from '../../src/logger.js';
import { compareHalves, MirroredErasureStore, type Erasure } from '../../src/index.js';
import { InMemoryErasureStore, InMemoryLedgerMirror, requestedErasure } from '../../src/testing/index.js';
import { Deployment } from '../forgetting/forgetting-harness.js';

const refOf = (user: number): UserRef => `${user}`.padStart(32, '0') as UserRef;
const erasureOf = (user: number, change: Partial<Erasure> = {}): Erasure =>
  requestedErasure({ erasureId: `e-${user}`, userRef: refOf(user), requestedAt: 1_000 + user, ...change });
const none = { older: 'neither', restored: 0, mirrored: 0, conflicting: 0 };

function stage() {
  const inner = new InMemoryErasureStore();
  const mirror = new InMemoryLedgerMirror();
  return { inner, mirror, store: new MirroredErasureStore(inner, mirror, silentLogger) };
}

test('every step is in the mirror when it resolves, a later one behind the earlier', async () => {
  const { store, mirror } = stage();
  const [one] = await store.openAll([erasureOf(1), erasureOf(2)]);
  assert.ok(one);
  await store.advance({ ...one, revision: 1, state: 'forgotten', forgottenAt: 5 });
  await store.advance({ ...one, revision: 1, state: 'held' });
  assert.deepEqual(
    mirror.written.map(({ erasureId, revision, state }) => `${erasureId}.${revision} ${state}`),
    ['e-1.0 requested', 'e-2.0 requested', 'e-1.1 forgotten'],
  );
});

test('a mirror that is away fails nobody and has all of it with the next step', async () => {
  const { store, inner, mirror } = stage();
  mirror.fail(new Error('away'));
  const one = await store.open(erasureOf(1));
  await store.advance({ ...one, revision: 1, state: 'forgotten' });
  assert.equal((await inner.get('e-1'))?.state, 'forgotten');
  mirror.fail(null);
  await store.open(erasureOf(2));
  assert.deepEqual(
    mirror.written.map(({ erasureId, revision }) => `${erasureId}.${revision}`),
    ['e-1.1', 'e-2.0'],
  );
  assert.deepEqual(await compareHalves(inner, mirror), none);
});

test('a database restored from before, or lost, is made whole from the mirror, and the other way round', async () => {
  const { store, inner, mirror } = stage();
  const users = Array.from({ length: 1_100 }, (_, user) => erasureOf(user));
  await store.openAll(users);
  await store.advanceAll(users.map((one) => ({ ...one, revision: 1, state: 'forgotten', forgottenAt: 9 })));
  const lost = new InMemoryErasureStore();
  assert.deepEqual(await compareHalves(lost, mirror), { ...none, older: 'database', restored: 1_100 });
  assert.deepEqual(await lost.get('e-700'), await inner.get('e-700'));
  assert.deepEqual(await compareHalves(lost, mirror), none);
  const older = new InMemoryErasureStore();
  await older.openAll(users.slice(0, 10));
  assert.deepEqual(await compareHalves(older, mirror), { ...none, older: 'database', restored: 1_100 });
  mirror.written = mirror.written.slice(0, 1_105);
  assert.deepEqual(await compareHalves(inner, mirror), { ...none, older: 'mirror', mirrored: 1_095 });
  assert.deepEqual(await compareHalves(inner, mirror), none);
  mirror.written = [];
  assert.deepEqual(await compareHalves(inner, mirror), { ...none, older: 'mirror', mirrored: 1_100 });
});

test('halves that went different ways take what is later from each other; two erasures of one user stay apart', async () => {
  const { inner, mirror } = stage();
  const one = await inner.open(erasureOf(1));
  await inner.open(erasureOf(2, { erasureId: 'e-other' }));
  await mirror.write([{ ...one, revision: 2, state: 'forgotten' }, erasureOf(2, { revision: 4 })]);
  const halves = await compareHalves(inner, mirror);
  assert.deepEqual(halves, { older: 'both', restored: 1, mirrored: 1, conflicting: 1 });
  assert.equal((await inner.get('e-1'))?.revision, 2);
});

test('a service whose database was lost goes on with what the mirror has', async (t) => {
  const d = await Deployment.start();
  t.after(() => d.stop());
  await d.enrol('ada');
  const mirror = new InMemoryLedgerMirror();
  const first = d.service(undefined, mirror);
  const { erasureId } = await first.request('ada');
  await first.close();
  d.stores.erasures = new InMemoryErasureStore();
  const second = d.service(undefined, mirror);
  await second.checkLedger();
  await second.resume();
  assert.notEqual(await d.untilErased(erasureId), null);
  assert.match(d.logged.join('\n'), /not whole \(database\)/);
});
