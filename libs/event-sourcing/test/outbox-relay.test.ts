import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { OutboxRelay, OutboxSignal, type OutboxRecord, type OutboxRelayOptions } from '../src/index.js';
import { MemoryEventStore, outboxRecord, storedEvent } from '../src/testing/index.js';

function make(options: Partial<OutboxRelayOptions> = {}) {
  const clock = new ManualClock();
  const signal = new OutboxSignal();
  const store = new MemoryEventStore(clock, signal);
  const batches: OutboxRecord[][] = [];
  const errors: unknown[] = [];
  let version = 0;
  const relay = new OutboxRelay({
    store,
    clock,
    signal,
    send: async (records) => void batches.push([...records]),
    onError: (error) => errors.push(error),
    ...options,
  });
  const put = async (count: number, at = store) => {
    const records = Array.from({ length: count }, (_, index) => outboxRecord(version * 1000 + index));
    await at.append('a-1', version, [storedEvent(version + 1)], records);
    version++;
    return records;
  };
  return { clock, signal, store, relay, batches, errors, put, settle: () => clock.advanceAsync(0) };
}

const bytesOf = (records: readonly OutboxRecord[]) =>
  records.map(({ topic, key, value, headers }) => ({ topic, key, value, headers }));

describe('OutboxRelay', () => {
  it('sends what waits at the start, byte for byte, in order, in batches, and removes it', async () => {
    const { relay, batches, put, store, settle } = make({ batchSize: 2 });
    const records = await put(5);
    relay.start();
    await settle();
    assert.deepEqual(
      batches.map((batch) => batch.length),
      [2, 2, 1],
    );
    assert.deepEqual(bytesOf(batches.flat()), records);
    assert.equal(await store.size(), 0);
    assert.deepEqual(relay.figures, { sent: 5, failuresInARow: 0 });
    await relay.close();
  });

  it('is woken by a commit', async () => {
    const { relay, batches, put, settle, clock } = make();
    relay.start();
    await settle();
    await put(1);
    await settle();
    assert.equal(batches.length, 1);
    await relay.close();
    assert.equal(clock.pending, 0);
  });

  it('misses no commit that lands while a round is under way', async () => {
    let finish = (): void => undefined;
    const sent: number[] = [];
    const made = make({
      send: (records) => {
        sent.push(records.length);
        return sent.length > 1 ? Promise.resolve() : new Promise((resolve) => (finish = resolve));
      },
    });
    await made.put(1);
    made.relay.start();
    await made.settle();
    await made.put(1);
    finish();
    await made.settle();
    assert.deepEqual(sent, [1, 1]);
    await made.relay.close();
  });

  it('looks by itself for what another process committed', async () => {
    const { relay, batches, put, store, clock } = make({ pollMs: 1000 });
    relay.start();
    await clock.advanceAsync(0);
    const unheard = new MemoryEventStore(clock);
    await put(1, unheard);
    store.peek = (limit) => unheard.peek(limit);
    store.removeThrough = (id) => unheard.removeThrough(id);
    await clock.advanceAsync(999);
    assert.equal(batches.length, 0);
    await clock.advanceAsync(1);
    assert.equal(batches.length, 1);
    await relay.close();
  });

  it('removes nothing that was not acknowledged, and tries again with growing pauses', async () => {
    const tries: number[] = [];
    let broken = true;
    const made = make({
      backoffMs: 100,
      maxBackoffMs: 400,
      send: async () => {
        tries.push(made.clock.monotonic());
        if (broken) throw new Error('broker away');
      },
    });
    await made.put(2);
    made.relay.start();
    await made.clock.advanceAsync(1500);
    assert.deepEqual(tries, [0, 100, 300, 700, 1100, 1500]);
    assert.equal(await made.store.size(), 2);
    assert.equal(made.errors.length, 6);
    assert.equal(made.relay.figures.failuresInARow, 6);
    broken = false;
    await made.put(1);
    await made.clock.advanceAsync(399);
    assert.equal(tries.length, 6);
    await made.clock.advanceAsync(1);
    assert.equal(await made.store.size(), 0);
    assert.deepEqual(made.relay.figures, { sent: 3, failuresInARow: 0 });
    await made.relay.close();
  });

  it('sends again what it could not remove: at least once', async () => {
    const { relay, batches, put, store, clock } = make();
    const remove = store.removeThrough.bind(store);
    store.removeThrough = () => Promise.reject(new Error('database away'));
    const records = await put(1);
    relay.start();
    await clock.advanceAsync(0);
    store.removeThrough = remove;
    await clock.advanceAsync(100);
    assert.deepEqual(bytesOf(batches.flat()), [...records, ...records]);
    await relay.close();
  });

  it('ends the round under way when it is closed, and no more', async () => {
    let finish = (): void => undefined;
    let rounds = 0;
    const { relay, put, store, settle, clock } = make({
      batchSize: 1,
      send: () => {
        rounds++;
        return new Promise((resolve) => (finish = resolve));
      },
    });
    await put(3);
    relay.start();
    await settle();
    const closed = relay.close();
    finish();
    await closed;
    assert.equal(rounds, 1);
    assert.equal(await store.size(), 2);
    assert.equal(clock.pending, 0);
    assert.throws(() => relay.start(), { code: 'RELAY_STATE' });
    await relay.close();
  });
});
