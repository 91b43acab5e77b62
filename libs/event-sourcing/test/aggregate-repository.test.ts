import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { AggregateRepository, concurrencyConflict } from '../src/index.js';
import { MemoryEventStore } from '../src/testing/index.js';
import { counted, counter, opened } from './support/counter.js';
import { OpenCodec } from './support/open-codec.js';

function make() {
  const store = new MemoryEventStore(new ManualClock());
  const codec = new OpenCodec();
  let ids = 0;
  const newEventId = () => `id-${++ids}`;
  return { store, codec, repository: new AggregateRepository(counter, { store, codec, newEventId }) };
}

describe('AggregateRepository', () => {
  it('gives the initial state for a stream that does not exist', async () => {
    const { repository } = make();
    assert.deepEqual(await repository.load('counter-1'), {
      streamId: 'counter-1',
      version: 0,
      state: counter.initial,
    });
  });

  it('loads what it saved, and puts the same bytes into store and outbox', async () => {
    const { repository, store } = make();
    const empty = await repository.load('counter-1');
    const saved = await repository.save(empty, [opened('ann', 'Ann'), { ...counted(3), eventId: 'own' }]);
    assert.deepEqual(saved, await repository.load('counter-1'));
    assert.deepEqual(saved.state, { open: true, name: 'Ann', sum: 3 });
    assert.equal(saved.version, 2);
    const stored = await store.read('counter-1');
    const outbox = await store.peek(10);
    assert.deepEqual(
      stored.map((event) => [event.eventId, event.type, event.userRef]),
      [
        ['id-1', 'opened', '616e6e'.padStart(32, '0')],
        ['own', 'counted', null],
      ],
    );
    assert.deepEqual(
      outbox.map((record) => [record.topic, record.key?.toString() ?? null]),
      [
        [counter.topic, stored[0]!.userRef],
        [counter.topic, null],
      ],
    );
    outbox.forEach((record, index) => {
      assert.deepEqual(record.value, stored[index]!.value);
      assert.deepEqual(record.headers, stored[index]!.headers);
    });
  });

  it('sends nothing to the outbox of an aggregate without a topic', async () => {
    const { store, codec } = make();
    const silent = { ...counter, topic: null };
    const repository = new AggregateRepository(silent, { store, codec, newEventId: () => 'id' });
    await repository.execute('counter-1', () => [counted(1)]);
    assert.equal(await store.size(), 0);
  });

  it('refuses to save over somebody else, and leaves the retry to execute', async () => {
    const { repository } = make();
    const mine = await repository.load('counter-1');
    await repository.execute('counter-1', () => [counted(1)]);
    await assert.rejects(repository.save(mine, [counted(2)]), {
      code: 'CONCURRENCY_CONFLICT',
      retriable: true,
    });
    const ends = await Promise.all(
      Array.from({ length: 4 }, () => repository.execute('counter-1', (state) => [counted(state.sum)])),
    );
    assert.equal((await repository.load('counter-1')).state.sum, 16);
    assert.deepEqual(ends.map((end) => end.version).sort(), [2, 3, 4, 5]);
  });

  it('gives up after its attempts', async () => {
    const { repository, store } = make();
    let n = 0;
    store.appendAll = async () => {
      n++;
      throw concurrencyConflict('counter-1', 0, 1);
    };
    await assert.rejects(
      repository.execute('counter-1', () => [counted(1)], 3),
      { code: 'CONCURRENCY_CONFLICT' },
    );
    assert.equal(n, 3);
  });

  it("rejects with the decision's own error, at once", async () => {
    const { repository } = make();
    let n = 0;
    const decide = () => {
      n++;
      throw new RangeError('no');
    };
    await assert.rejects(repository.execute('counter-1', decide), RangeError);
    assert.equal(n, 1);
  });

  it('saves several streams in one transaction with one call to the codec', async () => {
    const { repository, store, codec } = make();
    await repository.saveAll([
      { streamId: 'counter-1', expectedVersion: 0, events: [opened('a'), counted(1)] },
      { streamId: 'counter-2', expectedVersion: 0, events: [] },
      { streamId: 'counter-3', expectedVersion: 0, events: [opened('c')] },
    ]);
    assert.equal(codec.calls, 1);
    const change = (n: number, expectedVersion: number) => ({
      streamId: `counter-${n}`,
      expectedVersion,
      events: [counted(n)],
    });
    await assert.rejects(repository.saveAll([change(1, 2), change(3, 0)]), { code: 'CONCURRENCY_CONFLICT' });
    assert.deepEqual(
      await store.versions(['counter-1', 'counter-2', 'counter-3']),
      new Map([
        ['counter-1', 2],
        ['counter-2', 0],
        ['counter-3', 1],
      ]),
    );
    assert.equal(await store.size(), 3);
  });

  it("replays a forgotten user's events as erased", async () => {
    const { repository, codec } = make();
    await repository.execute('counter-1', () => [opened('ann', 'Ann'), counted(3)]);
    codec.forgotten.add('616e6e'.padStart(32, '0'));
    assert.deepEqual((await repository.load('counter-1')).state, {
      open: true,
      name: { erased: true, erasedAt: 7 },
      sum: 3,
    });
  });

  it('says whether events that cannot be read are worth another try', async () => {
    const { repository, codec } = make();
    await repository.execute('counter-1', () => [opened('ann')]);
    codec.answer = { outcome: 'unavailable', reason: 'store-behind' };
    await assert.rejects(repository.load('counter-1'), { code: 'EVENTS_UNAVAILABLE', retriable: true });
    codec.answer = { outcome: 'invalid', reason: 'ciphertext', path: 'name' };
    await assert.rejects(repository.load('counter-1'), { code: 'EVENTS_INVALID', retriable: false });
  });
});
