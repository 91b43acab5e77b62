import type { OutboxRecord, OutboxStore } from '@oubliette/event-sourcing';
import type { Database } from './database.js';
import { toBytes } from './sql.js';

/** The relay's side of the outbox that `TypeOrmEventStore` fills. */
export class TypeOrmOutbox implements OutboxStore {
  constructor(private readonly database: Database) {}

  async peek(limit: number): Promise<readonly (OutboxRecord & { readonly id: bigint })[]> {
    const { rows } = await this.database.execute(
      'SELECT id, topic, record_key, value, headers FROM oubliette_outbox ORDER BY id LIMIT ?',
      [limit],
    );
    return rows.map((row) => ({
      id: BigInt(row['id'] as string | number),
      topic: String(row['topic']),
      key: row['record_key'] === null ? null : toBytes(row['record_key']),
      value: toBytes(row['value']),
      headers: JSON.parse(String(row['headers'])) as Record<string, string>,
    }));
  }

  async removeThrough(id: bigint): Promise<void> {
    await this.database.execute('DELETE FROM oubliette_outbox WHERE id <= ?', [id]);
  }

  async size(): Promise<number> {
    const { rows } = await this.database.execute('SELECT COUNT(*) AS count FROM oubliette_outbox');
    return Number(rows[0]!['count']);
  }
}
