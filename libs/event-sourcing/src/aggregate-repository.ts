import type { EventCodec } from '@oubliette/serde';
import { replay, type AggregateType, type DomainEvent, type LoadedAggregate } from './aggregate.js';
import { EventSourcingError } from './errors.js';
import type { EventStore, OutboxRecord } from './ports.js';
import { decodeEvents, encodeEvents, type EncodedEvent } from './stored-events.js';

export interface RepositoryDependencies {
  readonly store: EventStore;
  readonly codec: EventCodec;
  /** Makes a UUID for events that bring none. */
  readonly newEventId: () => string;
}

/** New events for one stream. */
export interface StreamChange<E extends DomainEvent> {
  readonly streamId: string;
  readonly expectedVersion: number;
  readonly events: readonly E[];
}

const defaultAttempts = 5;

/** Loads aggregates by replaying their streams and appends what they decided, with optimistic concurrency. */
export class AggregateRepository<State, E extends DomainEvent> {
  constructor(
    private readonly aggregate: AggregateType<State, E>,
    private readonly dependencies: RepositoryDependencies,
  ) {}

  /** Rejects with `EVENTS_UNAVAILABLE` or `EVENTS_INVALID`; a forgotten user's events replay as erased. */
  async load(streamId: string): Promise<LoadedAggregate<State>> {
    const { store, codec } = this.dependencies;
    const stored = await store.read(streamId);
    const events = await decodeEvents(this.aggregate, codec, stored);
    return {
      streamId,
      version: stored.at(-1)?.version ?? 0,
      state: replay(this.aggregate, events),
    };
  }

  /** Rejects with `CONCURRENCY_CONFLICT` when the stream has moved on since it was loaded. */
  async save(loaded: LoadedAggregate<State>, events: readonly E[]): Promise<LoadedAggregate<State>> {
    if (events.length === 0) return loaded;
    await this.saveAll([{ streamId: loaded.streamId, expectedVersion: loaded.version, events }]);
    return {
      streamId: loaded.streamId,
      version: loaded.version + events.length,
      state: replay(this.aggregate, events, loaded.state),
    };
  }

  /** Appends to several streams in one transaction, events and outbox records together: all or none. */
  async saveAll(changes: readonly StreamChange<E>[]): Promise<void> {
    const { store, codec, newEventId } = this.dependencies;
    const events = changes.flatMap((change) => change.events);
    if (events.length === 0) return;
    const identified = events.map((event) => ({ ...event, eventId: event.eventId ?? newEventId() }));
    const encoded = await encodeEvents(this.aggregate, codec, identified);
    let taken = 0;
    const appends = changes.map(({ streamId, expectedVersion, events: { length } }) => {
      const own = encoded.slice(taken, (taken += length));
      return { streamId, expectedVersion, events: own, outbox: this.outboxRecords(own) };
    });
    await store.appendAll(appends.filter((append) => append.events.length > 0));
  }

  /**
   * Loads, decides, saves; when somebody else was faster, does it again, `attempts` times in all, then rejects with
   * `CONCURRENCY_CONFLICT`. `decide` may throw its own errors.
   */
  async execute(
    streamId: string,
    decide: (state: State, version: number) => readonly E[],
    attempts: number = defaultAttempts,
  ): Promise<LoadedAggregate<State>> {
    for (let attempt = 1; ; attempt++) {
      const loaded = await this.load(streamId);
      try {
        return await this.save(loaded, decide(loaded.state, loaded.version));
      } catch (error) {
        const conflict = error instanceof EventSourcingError && error.code === 'CONCURRENCY_CONFLICT';
        if (!conflict || attempt >= attempts) throw error;
      }
    }
  }

  private outboxRecords(events: readonly EncodedEvent[]): OutboxRecord[] {
    const { topic } = this.aggregate;
    if (topic === null) return [];
    return events.map(({ key, value, headers }) => ({ topic, key, value, headers }));
  }
}
