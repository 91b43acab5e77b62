import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach } from '@oubliette/runtime/testing';
import type { EventStore } from '../ports.js';
import { outboxRecord, storedEvent } from './stored-records.js';

export interface EventStoreUnderTest {
  readonly store: EventStore;
  /** What the store's clock shows, in ms. */
  readonly now: () => number;
  /** How many records wait in the outbox. */
  readonly outboxSize: () => Promise<number>;
  readonly close: () => Promise<void>;
}

const conflict = { code: 'CONCURRENCY_CONFLICT' };

/** What every event store does. The factory gives an empty one each time. */
export function eventStoreContract(name: string, create: () => Promise<EventStoreUnderTest>): void {
  describe(`event store contract: ${name}`, () => {
    const test = checksOnEach(create);

    test('gives back what was appended, byte for byte, with versions, positions and time', async ({
      store,
      now,
    }) => {
      const events = [1, 2, 3].map(storedEvent);
      assert.equal(await store.append('a-1', 0, events.slice(0, 2)), 2);
      assert.equal(await store.append('a-1', 2, events.slice(2)), 3);
      const read = await store.read('a-1');
      assert.deepEqual(
        read.map(({ eventId, type, userRef, headers, version, streamId, recordedAt }) => ({
          eventId,
          type,
          userRef,
          headers,
          version,
          streamId,
          recordedAt,
        })),
        events.map(({ eventId, type, userRef, headers }, index) => ({
          eventId,
          type,
          userRef,
          headers,
          version: index + 1,
          streamId: 'a-1',
          recordedAt: now(),
        })),
      );
      assert.deepEqual(
        read.map((event) => [...event.value]),
        events.map((event) => [...event.value]),
      );
      assert.ok(read.every((event, index) => index === 0 || event.position > read[index - 1]!.position));
      assert.equal(typeof read[0]!.position, 'bigint');
    });

    test('reads from a version, and nothing of a stream that does not exist', async ({ store }) => {
      await store.append('a-1', 0, [1, 2, 3].map(storedEvent));
      assert.deepEqual(
        (await store.read('a-1', 2)).map((event) => event.version),
        [2, 3],
      );
      assert.deepEqual(await store.read('a-1', 4), []);
      assert.deepEqual(await store.read('a-2'), []);
    });

    test('refuses an append at another version than expected and changes nothing', async ({
      store,
      outboxSize,
    }) => {
      await store.append('a-1', 0, [storedEvent(1)]);
      for (const expected of [0, 2]) {
        await assert.rejects(store.append('a-1', expected, [storedEvent(2)], [outboxRecord(2)]), conflict);
      }
      await assert.rejects(store.append('a-2', 1, [storedEvent(3)]), conflict);
      assert.equal((await store.read('a-1')).length, 1);
      assert.equal(await outboxSize(), 0);
    });

    test('lets one of many appends at the same version win', async ({ store }) => {
      const numbers = Array.from({ length: 8 }, (_, index) => index + 1);
      const ends = await Promise.allSettled(numbers.map((n) => store.append('a-1', 0, [storedEvent(n)])));
      const won = ends.flatMap((end, index) => (end.status === 'fulfilled' ? [numbers[index]!] : []));
      const lost = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as { code: string }] : []));
      assert.equal(won.length, 1);
      assert.deepEqual([...new Set(lost.map((error) => error.code))], [conflict.code]);
      assert.deepEqual(
        (await store.read('a-1')).map((event) => event.eventId),
        [storedEvent(won[0]!).eventId],
      );
    });

    test('refuses an event id that is stored already, in any stream', async ({ store, outboxSize }) => {
      await store.append('a-1', 0, [storedEvent(1)]);
      const taken = { code: 'EVENT_ID_TAKEN' };
      await assert.rejects(
        store.append('a-2', 0, [storedEvent(2), storedEvent(1)], [outboxRecord(1)]),
        taken,
      );
      await assert.rejects(store.append('a-1', 1, [storedEvent(3), storedEvent(3)]), taken);
      assert.deepEqual(await store.read('a-2'), []);
      assert.equal(await outboxSize(), 0);
      assert.equal(await store.append('a-2', 0, [storedEvent(2)]), 1);
    });

    test('appends to several streams: all or none, with their outbox records', async ({
      store,
      outboxSize,
    }) => {
      await store.append('a-1', 0, [storedEvent(1)]);
      const to = (streamId: string, expectedVersion: number, n: number) => ({
        streamId,
        expectedVersion,
        events: [storedEvent(n)],
        outbox: [outboxRecord(n)],
      });
      await assert.rejects(store.appendAll([to('a-2', 0, 2), to('a-1', 0, 3)]), conflict);
      assert.deepEqual(await store.read('a-2'), []);
      assert.equal(await outboxSize(), 0);
      await store.appendAll([to('a-2', 0, 2), to('a-1', 1, 3)]);
      assert.deepEqual(
        await store.versions(['a-1', 'a-2', 'a-3']),
        new Map([
          ['a-1', 2],
          ['a-2', 1],
          ['a-3', 0],
        ]),
      );
      assert.equal(await outboxSize(), 2);
    });

    test('takes more events at once than a statement has parameters', async ({ store }) => {
      const events = Array.from({ length: 9_000 }, (_, index) => storedEvent(index + 1));
      await store.append('a-1', 0, events);
      const read = await store.read('a-1');
      assert.deepEqual(
        read.map((event) => event.eventId),
        events.map((event) => event.eventId),
      );
      const ids = Array.from({ length: 40_000 }, (_, index) => `a-${index + 1}`);
      const versions = await store.versions(ids);
      assert.equal(versions.size, ids.length);
      assert.equal(versions.get('a-1'), 9_000);
    });
  });
}
