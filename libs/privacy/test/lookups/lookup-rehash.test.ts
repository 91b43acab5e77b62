import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecordKey } from '@oubliette/keyring';
import { open, through, type Stage } from './stage.js';

const count = 700;
const ids = Array.from({ length: count }, (_, index) => `user ${index}`);
const values = Object.fromEntries(ids.map((id) => [id, [`${id}@example.org`]]));
const samples = ids.filter((_, index) => index % 97 === 0);

async function allAreFound({ find, keyring }: Stage): Promise<void> {
  for (const id of samples) assert.deepEqual(await find('email', `${id}@example.org`), [keyring.userRef(id)]);
}

const peppersOf = ({ store }: Stage): string[] => [...new Set(store.all().map(({ pepperId }) => pepperId))];

test('a rotation hashes every row anew, finds everybody all the while, and ends the old pepper', async () => {
  const stage = await open();
  const { clock, topic, store, keyring, lookups } = stage;
  const other = await open({ clock, topic, store });
  await stage.put('email', values);
  const [old] = keyring.peppers.ids();
  const before = new Set(store.all().map(({ hash }) => hash));
  const progress: number[] = [];
  const looks: Promise<void>[] = [];
  const rotating = lookups.rotatePepper({
    onProgress: (rehashed) => {
      progress.push(rehashed);
      looks.push(allAreFound(stage), allAreFound(other));
    },
  });
  assert.deepEqual(await through(clock, rotating), {
    rehashed: count,
    ended: 0,
    refused: 0,
    peppersEnded: 1,
  });
  assert.ok(progress.length >= 2, 'in batches');
  await Promise.all(looks);
  await other.keyring.peppers.catchUp();
  for (const each of [stage, other]) {
    await allAreFound(each);
    assert.equal(each.keyring.peppers.ids().length, 1);
    assert.notEqual(each.keyring.peppers.ids()[0], old);
  }
  assert.deepEqual(peppersOf(stage), [...keyring.peppers.ids()]);
  assert.equal(store.all().length, count);
  assert.equal(
    store.all().some(({ hash }) => before.has(hash)),
    false,
    'no hash is as it was',
  );
  await other.close();
  await stage.close();
});

test('a restricted user is found by nobody, is hashed anew like all others, and is found again once that is lifted', async () => {
  const stage = await open();
  const { clock, keyring, lookups, find, alarms } = stage;
  await stage.put('email', { ada: ['ada@example.org'], bob: ['bob@example.org'] });
  const ada = keyring.userRef('ada');
  await keyring.restrict(ada);
  assert.deepEqual(await find('email', 'ada@example.org'), []);
  const rotated = await through(clock, lookups.rotatePepper());
  assert.deepEqual(rotated, { rehashed: 2, ended: 0, refused: 0, peppersEnded: 1 });
  assert.deepEqual(await find('email', 'ada@example.org'), []);
  assert.deepEqual(await find('email', 'bob@example.org'), [keyring.userRef('bob')]);
  await keyring.liftRestriction(ada);
  assert.deepEqual(await find('email', 'ada@example.org'), [ada]);
  assert.deepEqual(alarms, []);
  await stage.close();
});

test('a rotation that is cut short goes on where it stopped, at the next start', async () => {
  const stage = await open();
  const { clock, topic, store, lookups } = stage;
  await stage.put('email', values);
  const stop = new AbortController();
  const cut = lookups.rotatePepper({
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('killed')),
  });
  await assert.rejects(through(clock, cut), /killed/);
  assert.equal(peppersOf(stage).length, 2);
  await allAreFound(stage);
  await stage.close();
  const again = await open({ clock, topic, store });
  await allAreFound(again);
  for (let second = 0; second < 120; second++) await clock.advanceAsync(1_000);
  assert.deepEqual(peppersOf(again), [...again.keyring.peppers.ids()]);
  assert.equal(again.keyring.peppers.ids().length, 1);
  await allAreFound(again);
  await again.close();
});

test('a rotation that is cut short after the last row ends the old pepper at the next start', async () => {
  const stage = await open();
  const { clock, topic, store, keyring, lookups } = stage;
  await stage.put('email', { ann: ['ann@example.org'] });
  const stop = new AbortController();
  let isHashed = false;
  const cut = lookups.rotatePepper({ signal: stop.signal, onProgress: () => (isHashed = true) });
  const killed = assert.rejects(cut, /killed/);
  for (let second = 0; second < 10; second++) await clock.advanceAsync(1_000);
  stop.abort(new Error('killed'));
  await killed;
  assert.ok(isHashed);
  assert.deepEqual(peppersOf(stage), [keyring.peppers.ids()[0]]);
  assert.equal(keyring.peppers.ids().length, 2);
  await stage.close();
  const again = await open({ clock, topic, store });
  for (let second = 0; second < 120; second++) await clock.advanceAsync(1_000);
  assert.deepEqual(peppersOf(again), [...again.keyring.peppers.ids()]);
  await again.close();
});

test('rows are written at a bounded rate', async () => {
  const stage = await open();
  await stage.put('email', values);
  const began = stage.clock.now();
  await through(stage.clock, stage.lookups.rotatePepper({ rowsPerSecond: 100, keepOld: true }));
  assert.ok(stage.clock.now() - began >= 5_000);
  assert.equal(stage.keyring.peppers.ids().length, 2, 'kept, for another database');
  await stage.close();
});

test('a row that a process behind wrote under the old pepper is hashed anew before that one ends', async () => {
  const stage = await open();
  const { clock, topic, store } = stage;
  const behind = await open({ clock, topic, store });
  await stage.put('email', { ann: ['ann@example.org'] });
  await stage.keyring.peppers.catchUp();
  const [old] = behind.keyring.peppers.ids();
  const ben = behind.keyring.userRef('ben');
  await behind.lookups.prepare('email', [ben]);
  let isLate = false;
  const rotating = stage.lookups.rotatePepper({
    onProgress: () => {
      if (isLate) return;
      isLate = true;
      // As it would have written it: the pepper that it knew of, and no word of the new one yet.
      const value = new TextEncoder().encode('ben@example.org');
      const binding = { stream: 'lookup:email', type: 'lookup', eventId: ben, path: 'value' };
      const sealed = behind.keyring.seal(ben, binding, value);
      const hash = behind.keyring.peppers.hash(String(old), 'email', value);
      void store.transaction((tx) =>
        store.put(tx, [{ index: 'email', hash, userRef: ben, pepperId: String(old), sealed }]),
      );
    },
  });
  const result = await through(clock, rotating);
  assert.deepEqual([result.rehashed, result.peppersEnded], [2, 1]);
  assert.deepEqual(await stage.find('email', 'ben@example.org'), [ben]);
  await behind.close();
  await stage.close();
});

test('rows of the forgotten are deleted and not hashed anew, and one that was changed holds up nobody', async () => {
  const stage = await open();
  const { keyring, store, clock, lookups } = stage;
  await stage.put('email', {
    ann: ['ann@example.org'],
    ben: ['ben@example.org'],
    cleo: ['cleo@example.org'],
  });
  const [ann, ben] = [keyring.userRef('ann'), keyring.userRef('ben')];
  const rows = store.all();
  await keyring.forget(ann);
  await lookups.settled();
  const changed = rows
    .filter(({ userRef }) => userRef === ben)
    .map((row) => ({ ...row, sealed: row.sealed.map((byte) => byte ^ 1) }));
  // As if it could not have been deleted.
  await store.transaction((tx) =>
    store.put(tx, [...rows.filter(({ userRef }) => userRef === ann), ...changed]),
  );
  const result = await through(clock, lookups.rotatePepper());
  assert.deepEqual(result, { rehashed: 1, ended: 1, refused: 1, peppersEnded: 1 });
  assert.deepEqual(stage.alarms, ['LOOKUP_ROW_REFUSED']);
  assert.deepEqual(await stage.find('email', 'cleo@example.org'), [keyring.userRef('cleo')]);
  assert.deepEqual(await stage.find('email', 'ben@example.org'), []);
  await stage.close();
});

test('loss of the pepper: nobody is said to be absent, and hashing the rows anew brings everybody back', async () => {
  const stage = await open();
  const { clock, topic, store, keyring } = stage;
  await stage.put('email', values);
  const record = topic.records(0).find(({ key }) => parseRecordKey(key)?.kind === 'pepper');
  assert.ok(record);
  topic.append(0, [{ key: record.key, value: null }]);
  await keyring.peppers.catchUp();
  for (const value of ['user 1@example.org', 'nobody@example.org'])
    await assert.rejects(stage.find('email', value), { code: 'LOOKUP_INCOMPLETE', retriable: true });
  await keyring.forget(keyring.userRef('user 1'));
  await stage.lookups.settled();
  assert.equal(store.all().length, count - 1, 'forgetting needs no pepper');
  await stage.close();
  const again = await open({ clock, topic, store });
  for (let second = 0; second < 20; second++) await clock.advanceAsync(1_000);
  await allAreFound(again);
  assert.deepEqual(await again.find('email', 'user 1@example.org'), []);
  assert.deepEqual(await again.find('email', 'nobody@example.org'), []);
  await again.close();
});
