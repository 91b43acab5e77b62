/** An event as it is stored: its value is a serialised record with personal fields encrypted. */
export interface NewStoredEvent {
  readonly eventId: string;
  readonly type: string;
  /** Pseudonym of the user concerned, or null. */
  readonly userRef: string | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StoredEvent extends NewStoredEvent {
  readonly streamId: string;
  /** 1, 2, 3, … within the stream. */
  readonly version: number;
  /** Order over all streams. */
  readonly position: bigint;
  /** ms since the Unix epoch. */
  readonly recordedAt: number;
}

/** A record that waits in the outbox; forwarded byte for byte. */
export interface OutboxRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Streams of events with optimistic concurrency. Stream ids hold pseudonyms, never a user id. */
export interface EventStore {
  /**
   * Appends when the stream is at `expectedVersion` (0: must not exist), with outbox records in the same transaction.
   * Rejects with `CONCURRENCY_CONFLICT` otherwise, with `EVENT_ID_TAKEN` when an event id was stored before.
   * Resolves to the new version.
   */
  append(
    streamId: string,
    expectedVersion: number,
    events: readonly NewStoredEvent[],
    outbox?: readonly OutboxRecord[],
  ): Promise<number>;
  /** Several streams in one transaction: all or none. A stream stands in it at most once. */
  appendAll(
    appends: readonly {
      streamId: string;
      expectedVersion: number;
      events: readonly NewStoredEvent[];
      outbox?: readonly OutboxRecord[];
    }[],
  ): Promise<void>;
  read(streamId: string, fromVersion?: number): Promise<StoredEvent[]>;
  /** Of each stream the current version; 0 where it does not exist. */
  versions(streamIds: readonly string[]): Promise<Map<string, number>>;
}

/** The relay's side of the outbox. */
export interface OutboxStore {
  /** The oldest `limit` records in insertion order. */
  peek(limit: number): Promise<readonly (OutboxRecord & { readonly id: bigint })[]>;
  /** Removes records up to and including `id`, which were acknowledged. */
  removeThrough(id: bigint): Promise<void>;
  size(): Promise<number>;
}

/** The position of one projection in one partition. */
export interface ProjectionSource {
  readonly projection: string;
  readonly topic: string;
  readonly partition: number;
}

/**
 * Read models that count every record once: what `work` writes and the checkpoint are saved in the same transaction.
 * `Tx` is what the database gives to write with.
 */
export interface ProjectionStore<Tx> {
  /** The next offset to apply; 0 for a projection that has seen nothing. */
  nextOffset(source: ProjectionSource): Promise<bigint>;
  /**
   * Hands those records that stand at or after the checkpoint to `work`, in offset order, and moves the checkpoint behind
   * them. When `work` rejects, neither is saved. Records must come in offset order; `work` is not called for none.
   */
  apply<R extends { readonly offset: bigint }>(
    source: ProjectionSource,
    records: readonly R[],
    work: (tx: Tx, fresh: readonly R[]) => Promise<void>,
  ): Promise<{ applied: number; skipped: number }>;
}

/** Where a projection stands, per topic-partition; saved in the same transaction as what it wrote. */
export interface Checkpoint {
  readonly projection: string;
  readonly topic: string;
  readonly partition: number;
  /** The next offset to apply. */
  readonly nextOffset: bigint;
}
