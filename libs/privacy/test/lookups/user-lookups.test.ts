import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LookupRow } from '../../src/index.js';
import { open, type Stage } from './stage.js';

const withStage = async (body: (stage: Stage) => Promise<void>): Promise<void> => {
  const stage = await open();
  try {
    await body(stage);
  } finally {
    await stage.close();
  }
};

test('finds users by the value in any spelling that is the same, and holds nothing in clear', () =>
  withStage(async ({ put, find, keyring, store, alarms }) => {
    const [ann, ben] = [keyring.userRef('ann'), keyring.userRef('ben')];
    await put('email', {
      ann: [' Ann@Example.org', 'ann@work.example'],
      ben: ['ben@example.org', 'ben@EXAMPLE.org'],
    });
    await put('newsletter', { ben: ['Ann@example.org'] });
    for (const spelling of ['ann@example.org', 'ANN@EXAMPLE.ORG ', 'Ann@example.ORG'])
      assert.deepEqual(await find('email', spelling), [ann]);
    assert.deepEqual(await find('email', 'ann@work.example'), [ann]);
    assert.deepEqual(await find('email', 'ben@example.org'), [ben]);
    assert.deepEqual(await find('newsletter', 'Ann@example.org'), [ben], 'each look-up by itself');
    assert.deepEqual(
      await find('newsletter', 'ann@example.org'),
      [],
      'as declared: the local part is told apart',
    );
    for (const absent of ['nobody@example.org', '', '  ', 'ann', 'ann@'])
      assert.deepEqual(await find('email', absent), []);
    assert.equal(store.all().length, 4, 'two spellings of one value are one row');
    const everything = JSON.stringify(
      store.all().map((row) => ({ ...row, sealed: Buffer.from(row.sealed).toString('latin1') })),
    );
    assert.doesNotMatch(everything, /ann@|ben@|example/i);
    assert.deepEqual(alarms, []);
  }));

test('several users with one value are all found, and putting again replaces', () =>
  withStage(async ({ put, find, keyring }) => {
    await put('email', { ann: ['desk@example.org'], ben: ['desk@example.org', 'ben@example.org'] });
    assert.deepEqual(
      (await find('email', 'desk@example.org')).sort(),
      [keyring.userRef('ann'), keyring.userRef('ben')].sort(),
    );
    await put('email', { ben: ['new@example.org'], ann: [] });
    assert.deepEqual(await find('email', 'desk@example.org'), []);
    assert.deepEqual(await find('email', 'ben@example.org'), []);
    assert.deepEqual(await find('email', 'new@example.org'), [keyring.userRef('ben')]);
  }));

test('a forgotten user’s rows go with the fence, and nobody else’s', () =>
  withStage(async ({ put, find, keyring, lookups, store }) => {
    await put('email', { ann: ['ann@example.org'], ben: ['ben@example.org'] });
    await put('newsletter', { ann: ['ann@example.org'] });
    await keyring.forget(keyring.userRef('ann'));
    await lookups.settled();
    assert.deepEqual(await find('email', 'ann@example.org'), []);
    assert.deepEqual(
      store.all().map(({ userRef }) => userRef),
      [keyring.userRef('ben')],
    );
    await put('email', { ann: ['ann@example.org'] }).catch(() => undefined);
    assert.equal(store.all().length, 1, 'and none comes back');
  }));

test('a forgotten user is not found even while her rows could not be deleted, and they go when they can', () =>
  withStage(async ({ put, find, keyring, lookups, store, clock, warnings }) => {
    await put('email', { ann: ['ann@example.org'], ben: ['ben@example.org'] });
    store.fail(new Error('the database is away'));
    await keyring.forget(keyring.userRef('ann'));
    await lookups.settled();
    store.fail(null);
    assert.equal(store.all().length, 2);
    assert.deepEqual(await find('email', 'ann@example.org'), []);
    await clock.advanceAsync(1_000);
    await lookups.settled();
    assert.deepEqual(
      store.all().map(({ userRef }) => userRef),
      [keyring.userRef('ben')],
    );
    assert.equal(warnings.length, 1);
    assert.doesNotMatch(warnings.join(), /ann|away/);
  }));

test('a put and a forgetting that race leave no row, whichever comes first', async () => {
  for (let step = 0; step < 60; step++) {
    await withStage(async ({ keyring, lookups, store, find }) => {
      const ann = keyring.userRef('ann');
      await lookups.prepare('email', [ann]);
      assert.ok(keyring.isFresh);
      const putting = store.transaction((tx) =>
        lookups.put(tx, 'email', [{ userRef: ann, values: ['ann@example.org'] }]),
      );
      for (let turn = 0; turn < step; turn++) await Promise.resolve();
      await Promise.all([putting, keyring.forget(ann)]);
      await lookups.settled();
      assert.deepEqual(store.all(), [], `forgotten ${step} turns after the put began`);
      assert.deepEqual(await find('email', 'ann@example.org'), []);
    });
  }
});

test('a transaction that is open while its user is forgotten commits, and its row is deleted then', () =>
  withStage(async ({ keyring, lookups, store }) => {
    const ann = keyring.userRef('ann');
    await lookups.prepare('email', [ann]);
    assert.ok(keyring.isFresh);
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    const putting = store.transaction(async (tx) => {
      await lookups.put(tx, 'email', [{ userRef: ann, values: ['ann@example.org'] }]);
      await mayCommit;
    });
    await keyring.forget(ann);
    commit();
    await putting;
    await lookups.settled();
    assert.deepEqual(store.all(), []);
  }));

test('fences that came while nobody was here: their rows go at the start, page after page', async () => {
  const first = await open();
  const ids = Array.from({ length: 1_100 }, (_, index) => `user ${index}`);
  await first.put('email', Object.fromEntries(ids.map((id) => [id, [`${id}@example.org`]])));
  await first.close();
  const { clock, topic, store } = first;
  const gone = ids.filter((_, index) => index % 16 === 0);
  const other = await open({ clock, topic });
  await other.keyring.forgetMany(gone.map((id) => other.keyring.userRef(id)));
  await other.close();
  assert.equal(store.all().length, 1_100);
  const second = await open({ clock, topic, store });
  await second.lookups.settled();
  const left = new Set<string>(store.all().map(({ userRef }) => userRef));
  assert.equal(left.size, ids.length - gone.length);
  for (const id of gone) assert.equal(left.has(second.keyring.userRef(id)), false);
  await second.close();
});

test('a purpose that is withdrawn takes the rows that were declared for it, and only those', () =>
  withStage(async ({ put, find, keyring, lookups, store }) => {
    const ann = keyring.userRef('ann');
    const values = { ann: ['ann@example.org'], ben: ['ben@example.org'] };
    await put('email', values);
    await put('newsletter', values);
    await keyring.withdraw(ann, 'marketing');
    await lookups.settled();
    assert.deepEqual(await find('newsletter', 'ann@example.org'), []);
    assert.deepEqual(await find('email', 'ann@example.org'), [ann]);
    assert.equal(store.all().length, 3);
    assert.deepEqual(
      [...(await lookups.prepare('newsletter', [ann, keyring.userRef('ben')]))],
      [keyring.userRef('ben')],
    );
    await put('newsletter', values);
    assert.equal(store.all().length, 3, 'nothing is put for a purpose that is withdrawn');
    await keyring.grant(ann, 'marketing');
    await put('newsletter', values);
    assert.deepEqual(await find('newsletter', 'ann@example.org'), [ann]);
  }));

test('who began a new lifecycle is found by what was put then, and keeps it when everything is gone through again', async () => {
  const first = await open();
  const { clock, topic, store } = first;
  const ann = first.keyring.userRef('ann');
  await first.put('email', { ann: ['old@example.org'] });
  await first.keyring.forget(ann);
  await first.keyring.beginLifecycle(ann);
  await first.put('email', { ann: ['new@example.org'] });
  await first.close();
  const second = await open({ clock, topic, store });
  await second.lookups.settled();
  assert.deepEqual(await second.find('email', 'new@example.org'), [ann]);
  assert.deepEqual(await second.find('email', 'old@example.org'), []);
  await second.close();
});

test('a row that was changed or moved is an alarm, and nobody is found by it', () =>
  withStage(async ({ put, find, keyring, store, alarms }) => {
    await put('email', { ann: ['ann@example.org'], ben: ['ben@example.org'] });
    const rowOf = (id: string): LookupRow => {
      const row = store.all().find(({ userRef }) => userRef === keyring.userRef(id));
      assert.ok(row);
      return row;
    };
    const [ann, ben] = [rowOf('ann'), rowOf('ben')];
    const flipped = ben.sealed.slice();
    flipped[90] = (flipped[90] ?? 0) ^ 1;
    const forged: LookupRow[] = [
      { ...ann, userRef: ben.userRef },
      { ...ben, hash: ann.hash },
      { ...ann, userRef: ben.userRef, sealed: flipped },
    ];
    for (const row of forged) {
      await store.transaction((tx) => store.put(tx, [row]));
      assert.deepEqual(await find('email', 'ann@example.org'), [ann.userRef]);
    }
    assert.deepEqual(alarms, Array(3).fill('LOOKUP_ROW_REFUSED'));
  }));

test('what is declared wrongly is refused, and names no value', async () => {
  await withStage(async ({ put, find }) => {
    await assert.rejects(find('phone', '1'), { code: 'LOOKUP_INDEX_UNKNOWN' });
    await assert.rejects(find('email', 'x'.repeat(4_097)), { code: 'LOOKUP_VALUE_INVALID' });
    await assert.rejects(put('email', { ann: ['lone \ud800'] }), {
      code: 'LOOKUP_VALUE_INVALID',
      message: /^(?!.*lone)/,
    });
  });
});
