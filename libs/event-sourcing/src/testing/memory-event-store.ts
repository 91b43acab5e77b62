import type { Clock } from '@oubliette/runtime';
import { concurrencyConflict, eventIdTaken } from '../errors.js';
import type { OutboxSignal } from '../outbox-signal.js';
import type { EventStore, NewStoredEvent, OutboxRecord, OutboxStore, StoredEvent } from '../ports.js';

/** Event store and outbox in memory: the twin that unit tests use. */
export class MemoryEventStore implements EventStore, OutboxStore {
  readonly #streams = new Map<string, StoredEvent[]>();
  readonly #eventIds = new Set<string>();
  #outbox: (OutboxRecord & { readonly id: bigint })[] = [];
  #position = 0n;
  #outboxId = 0n;

  constructor(
    private readonly clock: Clock,
    private readonly signal?: OutboxSignal,
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

  async appendAll(appends: Parameters<EventStore['appendAll']>[0]): Promise<void> {
    const ids = new Set(this.#eventIds);
    for (const { streamId, expectedVersion, events } of appends) {
      const version = this.#versionOf(streamId);
      if (version !== expectedVersion) throw concurrencyConflict(streamId, expectedVersion, version);
      for (const { eventId } of events) {
        if (ids.has(eventId)) throw eventIdTaken();
        ids.add(eventId);
      }
    }
    for (const { streamId, events, outbox = [] } of appends) {
      for (const event of events) this.#store(streamId, event);
      for (const record of outbox) this.#outbox.push({ ...record, id: ++this.#outboxId });
    }
    if (appends.some((append) => (append.outbox ?? []).length > 0)) this.signal?.notify();
  }

  async read(streamId: string, fromVersion = 1): Promise<StoredEvent[]> {
    return (this.#streams.get(streamId) ?? []).filter((event) => event.version >= fromVersion);
  }

  async versions(streamIds: readonly string[]): Promise<Map<string, number>> {
    return new Map(streamIds.map((streamId) => [streamId, this.#versionOf(streamId)]));
  }

  async peek(limit: number): Promise<readonly (OutboxRecord & { readonly id: bigint })[]> {
    return this.#outbox.slice(0, limit);
  }

  async removeThrough(id: bigint): Promise<void> {
    this.#outbox = this.#outbox.filter((record) => record.id > id);
  }

  async size(): Promise<number> {
    return this.#outbox.length;
  }

  #versionOf(streamId: string): number {
    return this.#streams.get(streamId)?.length ?? 0;
  }

  #store(streamId: string, event: NewStoredEvent): void {
    const stream = this.#streams.get(streamId) ?? [];
    this.#streams.set(streamId, stream);
    this.#eventIds.add(event.eventId);
    stream.push({
      ...event,
      streamId,
      version: stream.length + 1,
      position: ++this.#position,
      recordedAt: this.clock.now(),
    });
  }
}
