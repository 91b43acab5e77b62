import {
  concurrencyConflict,
  eventIdTaken,
  type EventStore,
  type NewStoredEvent,
  type OutboxRecord,
  type OutboxSignal,
  type StoredEvent,
} from '@oubliette/event-sourcing';
import type { Clock } from '@oubliette/runtime';
import { QueryFailedError, type EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { execute, insertRows, selectIn, toBytes, type SqlRow } from './sql.js';

/**
 * Key of the advisory lock that appends on PostgreSQL hold until they commit ("events" in ASCII). Without it a lower position
 * or outbox id could become visible after a higher one was read, and a relay would remove a record that it never sent.
 */
const appendLock = '111559182283891';

const eventColumns = [
  'stream_id',
  'version',
  'event_id',
  'type',
  'user_ref',
  'value',
  'headers',
  'recorded_at',
];

type Append = Parameters<EventStore['appendAll']>[0][number];

export class TypeOrmEventStore implements EventStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly signal: OutboxSignal,
  ) {}

  async append(
    streamId: string,
    expectedVersion: number,
    events: readonly NewStoredEvent[],
    outbox: readonly OutboxRecord[] = [],
  ): Promise<number> {
    await this.appendAll([{ streamId, expectedVersion, events, outbox }]);
    return expectedVersion + events.length;
  }

  async appendAll(appends: readonly Append[]): Promise<void> {
    const outbox = appends.flatMap((append) => append.outbox ?? []);
    await this.database.transaction((manager) => this.#append(manager, appends, outbox));
    if (outbox.length > 0) this.signal.notify();
  }

  async read(streamId: string, fromVersion = 1): Promise<StoredEvent[]> {
    const { rows } = await this.database.execute(
      'SELECT * FROM oubliette_events WHERE stream_id = ? AND version >= ? ORDER BY version',
      [streamId, fromVersion],
    );
    return rows.map(toStoredEvent);
  }

  async versions(streamIds: readonly string[]): Promise<Map<string, number>> {
    return versionsOf(this.database.dataSource.manager, streamIds);
  }

  async #append(
    manager: EntityManager,
    appends: readonly Append[],
    outbox: readonly OutboxRecord[],
  ): Promise<void> {
    if (this.database.dialect === 'postgres')
      await execute(manager, `SELECT pg_advisory_xact_lock(${appendLock})`);
    const current = await versionsOf(
      manager,
      appends.map((append) => append.streamId),
    );
    for (const { streamId, expectedVersion } of appends) {
      const version = current.get(streamId) ?? 0;
      if (version !== expectedVersion) throw concurrencyConflict(streamId, expectedVersion, version);
    }
    await this.#insertEvents(manager, appends);
    await insertRows(
      manager,
      'oubliette_outbox',
      ['topic', 'record_key', 'value', 'headers'],
      outbox.map(({ topic, key, value, headers }) => [topic, key, value, JSON.stringify(headers)]),
    );
  }

  async #insertEvents(manager: EntityManager, appends: readonly Append[]): Promise<void> {
    const recordedAt = this.clock.now();
    const rows = appends.flatMap(({ streamId, expectedVersion, events }) =>
      events.map(({ eventId, type, userRef, value, headers }, index) => {
        const version = expectedVersion + index + 1;
        return [streamId, version, eventId, type, userRef, value, JSON.stringify(headers), recordedAt];
      }),
    );
    try {
      await insertRows(manager, 'oubliette_events', eventColumns, rows);
    } catch (error) {
      // The versions were checked under the lock: what is left to collide is an event id.
      throw isUniqueViolation(error) ? eventIdTaken(error) : error;
    }
  }
}

async function versionsOf(
  manager: EntityManager,
  streamIds: readonly string[],
): Promise<Map<string, number>> {
  const versions = new Map(streamIds.map((streamId) => [streamId, 0]));
  const rows = await selectIn(
    manager,
    (list) =>
      `SELECT stream_id, MAX(version) AS version FROM oubliette_events WHERE stream_id IN (${list}) GROUP BY stream_id`,
    [...versions.keys()],
  );
  for (const row of rows) versions.set(String(row['stream_id']), Number(row['version']));
  return versions;
}

function toStoredEvent(row: SqlRow): StoredEvent {
  return {
    streamId: String(row['stream_id']),
    version: Number(row['version']),
    position: BigInt(row['position'] as string | number),
    eventId: String(row['event_id']),
    type: String(row['type']),
    userRef: row['user_ref'] === null ? null : String(row['user_ref']),
    value: toBytes(row['value']),
    headers: JSON.parse(String(row['headers'])) as Record<string, string>,
    recordedAt: Number(row['recorded_at']),
  };
}

/** SQLSTATE 23505 of PostgreSQL; SQLITE_CONSTRAINT_UNIQUE of SQLite. */
function isUniqueViolation(error: unknown): boolean {
  const code = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE';
}
