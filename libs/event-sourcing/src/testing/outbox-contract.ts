import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach } from '@oubliette/runtime/testing';
import type { EventStore, OutboxRecord, OutboxStore } from '../ports.js';
import { outboxRecord, storedEvent } from './stored-records.js';

export interface OutboxUnderTest {
  /** The store whose appends fill the outbox. */
  readonly store: EventStore;
  readonly outbox: OutboxStore;
  /** How often the store's signal was given so far. */
  readonly signals: () => number;
  readonly close: () => Promise<void>;
}

const plain = ({ topic, key, value, headers }: OutboxRecord) => ({
  topic,
  key: key === null ? null : [...key],
  value: [...value],
  headers,
});

/** What every outbox does. The factory gives an empty one each time. */
export function outboxContract(name: string, create: () => Promise<OutboxUnderTest>): void {
  describe(`outbox contract: ${name}`, () => {
    const test = checksOnEach(create);

    test('gives records in insertion order, byte for byte, as often as asked', async ({ store, outbox }) => {
      const records = [1, 2, 3, 4, 5].map(outboxRecord);
      await store.append('a-1', 0, [storedEvent(1)], records.slice(0, 3));
      await store.append('a-2', 0, [storedEvent(2)], records.slice(3));
      for (let time = 0; time < 2; time++) {
        assert.deepEqual((await outbox.peek(4)).map(plain), records.slice(0, 4).map(plain));
      }
      assert.equal(await outbox.size(), 5);
    });

    test('removes up to an id and goes on behind it', async ({ store, outbox }) => {
      const records = [1, 2, 3].map(outboxRecord);
      await store.append('a-1', 0, [storedEvent(1)], records);
      const [, second] = await outbox.peek(2);
      await outbox.removeThrough(second!.id);
      assert.deepEqual((await outbox.peek(10)).map(plain), records.slice(2).map(plain));
      assert.equal(await outbox.size(), 1);
    });

    test('never gives an id again, though the outbox was emptied', async ({ store, outbox }) => {
      await store.append('a-1', 0, [storedEvent(1)], [outboxRecord(1)]);
      const [first] = await outbox.peek(1);
      await outbox.removeThrough(first!.id);
      await store.append('a-1', 1, [storedEvent(2)], [outboxRecord(2)]);
      const [second] = await outbox.peek(1);
      assert.ok(second!.id > first!.id);
      await outbox.removeThrough(first!.id);
      assert.equal(await outbox.size(), 1);
    });

    test('loses nothing when appends run side by side with draining', async ({ store, outbox }) => {
      const count = 40;
      const seen: string[] = [];
      const appends = Promise.all(
        Array.from({ length: count }, (_, n) =>
          store.append(`a-${n}`, 0, [storedEvent(n + 1)], [outboxRecord(n + 1)]),
        ),
      );
      const drain = async () => {
        const batch = await outbox.peek(3);
        seen.push(...batch.map((record) => record.headers['n']!));
        const last = batch.at(-1);
        if (last !== undefined) await outbox.removeThrough(last.id);
        return batch.length;
      };
      for (let round = 0; round < count; round++) await drain();
      await appends;
      for (let round = 0; round < count && (await drain()) > 0; round++);
      assert.deepEqual(
        seen.map(Number).sort((a, b) => a - b),
        Array.from({ length: count }, (_, n) => n + 1),
      );
    });

    test('signals once a commit that brought records, and never for a refused one', async ({
      store,
      signals,
    }) => {
      await store.append('a-1', 0, [storedEvent(1)]);
      assert.equal(signals(), 0);
      await store.append('a-1', 1, [storedEvent(2)], [outboxRecord(1), outboxRecord(2)]);
      assert.equal(signals(), 1);
      await assert.rejects(store.append('a-1', 1, [storedEvent(3)], [outboxRecord(3)]));
      assert.equal(signals(), 1);
    });
  });
}
