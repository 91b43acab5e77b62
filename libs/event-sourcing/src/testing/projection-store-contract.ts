import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { checksOnEach } from '@oubliette/runtime/testing';
import type { ProjectionSource, ProjectionStore } from '../ports.js';

export interface ProjectionStoreUnderTest<Tx> {
  readonly store: ProjectionStore<Tx>;
  /** Writes a row of a read model in the transaction; a row of the same key is replaced. */
  readonly put: (tx: Tx, key: string, value: string) => Promise<void>;
  /** The committed rows. */
  readonly rows: () => Promise<ReadonlyMap<string, string>>;
  readonly close: () => Promise<void>;
}

const source: ProjectionSource = { projection: 'p', topic: 't', partition: 0 };
const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ offset: BigInt(from + index) }));

/** What every projection store does. The factory gives an empty one each time. */
export function projectionStoreContract<Tx>(
  name: string,
  create: () => Promise<ProjectionStoreUnderTest<Tx>>,
): void {
  describe(`projection store contract: ${name}`, () => {
    const test = checksOnEach(create);
    const write =
      ({ put }: ProjectionStoreUnderTest<Tx>) =>
      async (tx: Tx, fresh: readonly { offset: bigint }[]) => {
        for (const { offset } of fresh) await put(tx, `row-${offset}`, String(fresh.length));
      };

    test('starts at 0 and moves behind the last record, gaps included', async (under) => {
      assert.equal(await under.store.nextOffset(source), 0n);
      const batch = [{ offset: 3n }, { offset: 7n }];
      assert.deepEqual(await under.store.apply(source, batch, write(under)), { applied: 2, skipped: 0 });
      assert.equal(await under.store.nextOffset(source), 8n);
      assert.deepEqual([...(await under.rows()).keys()].sort(), ['row-3', 'row-7']);
    });

    test('skips what it has seen, and calls nobody for nothing', async (under) => {
      await under.store.apply(source, records(0, 4), write(under));
      const again = await under.store.apply(source, records(3, 6), write(under));
      assert.deepEqual(again, { applied: 2, skipped: 2 });
      assert.equal((await under.rows()).get('row-4'), '5');
      assert.equal((await under.rows()).get('row-5'), '2');
      const nothing = await under.store.apply(source, records(0, 6), async () => assert.fail('called'));
      assert.deepEqual(nothing, { applied: 0, skipped: 7 });
      assert.deepEqual(await under.store.apply(source, [], async () => assert.fail('called')), {
        applied: 0,
        skipped: 0,
      });
    });

    test('keeps neither rows nor checkpoint of work that rejects', async (under) => {
      const failing = under.store.apply(source, records(0, 2), async (tx, fresh) => {
        await write(under)(tx, fresh);
        throw new Error('no');
      });
      await assert.rejects(failing, /no/);
      assert.equal(await under.store.nextOffset(source), 0n);
      assert.deepEqual(await under.rows(), new Map());
      await under.store.apply(source, records(0, 2), write(under));
      assert.equal((await under.rows()).size, 3);
    });

    test('keeps partitions, topics and projections apart', async (under) => {
      await under.store.apply(source, records(0, 9), write(under));
      for (const other of [
        { ...source, partition: 1 },
        { ...source, topic: 'u' },
        { ...source, projection: 'q' },
      ]) {
        assert.equal(await under.store.nextOffset(other), 0n);
        assert.equal((await under.store.apply(other, records(0, 1), write(under))).applied, 2);
      }
      assert.equal(await under.store.nextOffset(source), 10n);
    });

    test('applies a batch once when it is delivered several times at once, first or later', async (under) => {
      for (const [from, to] of [
        [0, 9],
        [10, 14],
      ] as const) {
        const ends = await Promise.all(
          Array.from({ length: 4 }, () => under.store.apply(source, records(from, to), write(under))),
        );
        assert.deepEqual(
          ends.map((end) => end.applied).sort((a, b) => a - b),
          [0, 0, 0, to - from + 1],
        );
      }
    });

    test('holds offsets beyond 2^53', async (under) => {
      const offset = 9_007_199_254_740_993n;
      await under.store.apply(source, [{ offset }], write(under));
      assert.equal(await under.store.nextOffset(source), offset + 1n);
    });
  });
}
