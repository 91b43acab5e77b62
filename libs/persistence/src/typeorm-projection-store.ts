import type { ProjectionSource, ProjectionStore } from '@oubliette/event-sourcing';
import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { execute } from './sql.js';

const where = 'projection = ? AND topic = ? AND partition_number = ?';

/** Read models whose rows and checkpoint are committed together. */
export class TypeOrmProjectionStore implements ProjectionStore<EntityManager> {
  constructor(private readonly database: Database) {}

  async nextOffset(source: ProjectionSource): Promise<bigint> {
    return offsetOf(this.database.dataSource.manager, source, '');
  }

  apply<R extends { readonly offset: bigint }>(
    source: ProjectionSource,
    records: readonly R[],
    work: (manager: EntityManager, fresh: readonly R[]) => Promise<void>,
  ): Promise<{ applied: number; skipped: number }> {
    return this.database.transaction(async (manager) => {
      const next = await this.#claim(manager, source);
      const fresh = records.filter((record) => record.offset >= next);
      const last = fresh.at(-1);
      if (last !== undefined) {
        await work(manager, fresh);
        await execute(manager, `UPDATE oubliette_checkpoints SET next_offset = ? WHERE ${where}`, [
          last.offset + 1n,
          ...keyOf(source),
        ]);
      }
      return { applied: fresh.length, skipped: records.length - fresh.length };
    });
  }

  /** The row is locked, so that two consumers of one partition (a rebalance) take turns. */
  async #claim(manager: EntityManager, source: ProjectionSource): Promise<bigint> {
    await execute(
      manager,
      `INSERT INTO oubliette_checkpoints (projection, topic, partition_number, next_offset)
       VALUES (?, ?, ?, 0) ON CONFLICT (projection, topic, partition_number) DO NOTHING`,
      keyOf(source),
    );
    return offsetOf(manager, source, this.database.dialect === 'postgres' ? 'FOR UPDATE' : '');
  }
}

/** As text: a number of JavaScript does not hold every offset. */
async function offsetOf(manager: EntityManager, source: ProjectionSource, lock: string): Promise<bigint> {
  const { rows } = await execute(
    manager,
    `SELECT CAST(next_offset AS text) AS next_offset FROM oubliette_checkpoints WHERE ${where} ${lock}`,
    keyOf(source),
  );
  return rows[0] === undefined ? 0n : BigInt(String(rows[0]['next_offset']));
}

function keyOf({ projection, topic, partition }: ProjectionSource): [string, string, number] {
  return [projection, topic, partition];
}
