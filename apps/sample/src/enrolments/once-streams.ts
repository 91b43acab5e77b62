import {
  EventSourcingError,
  type AggregateRepository,
  type DomainEvent,
  type EventStore,
} from '@oubliette/event-sourcing';
import { KnownStreams } from './known-streams.js';

const attempts = 5;

/** Streams that begin with one event, whoever comes first: registrations, courses, enrolments. */
export class OnceStreams<State, E extends DomainEvent> {
  readonly #known = new KnownStreams();

  constructor(
    private readonly store: Pick<EventStore, 'versions'>,
    private readonly repository: Pick<AggregateRepository<State, E>, 'saveAll'>,
  ) {}

  /** Those of the streams that do not exist yet. */
  async missing(streamIds: Iterable<string>): Promise<Set<string>> {
    const unknown = [...new Set(streamIds)].filter((streamId) => !this.#known.has(streamId));
    if (unknown.length === 0) return new Set();
    const versions = await this.store.versions(unknown);
    const missing = new Set<string>();
    for (const streamId of unknown) {
      if ((versions.get(streamId) ?? 0) > 0) this.#known.add(streamId);
      else missing.add(streamId);
    }
    return missing;
  }

  /**
   * Begins those streams that do not exist, in one transaction; gives their ids. When others begin some at the same time
   * it looks again, a few times, then rejects with `CONCURRENCY_CONFLICT`.
   */
  async begin(first: ReadonlyMap<string, E>): Promise<Set<string>> {
    for (let attempt = 1; ; attempt++) {
      const missing = await this.missing(first.keys());
      try {
        await this.repository.saveAll(
          [...missing].map((streamId) => ({
            streamId,
            expectedVersion: 0,
            events: [first.get(streamId)!],
          })),
        );
        for (const streamId of missing) this.#known.add(streamId);
        return missing;
      } catch (error) {
        const conflict = error instanceof EventSourcingError && error.code === 'CONCURRENCY_CONFLICT';
        if (!conflict || attempt >= attempts) throw error;
      }
    }
  }
}
