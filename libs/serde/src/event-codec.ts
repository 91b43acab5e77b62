import type { InvalidReason, UnavailableReason, UserRef } from '@oubliette/keyring';

/** What takes the place of a personal value whose user is forgotten. Never an empty string, never ciphertext. */
export interface Erased {
  readonly erased: true;
  /** ms since the Unix epoch. */
  readonly erasedAt: number;
}
/**
 * What takes the place of a personal value whose user is restricted (Art. 18 GDPR): it is kept, and comes back when that is lifted. It is
 * no text: used as one it throws.
 */
export interface Restricted {
  readonly restricted: true;
  /** ms since the Unix epoch. */
  readonly since: number;
}
/** A personal field as a handler meets it. */
export type Erasable<T> = T | Erased | Restricted;

/** What a personal field is kept for, where that is less than everything of its user. */
export interface FieldPurpose {
  /**
   * The field is encrypted with the user's key for this purpose, so that withdrawing the purpose ends this field alone. 1 to 64
   * lower-case letters, digits and hyphens, a letter first.
   */
  readonly purpose: string;
  /**
   * An event of a user who withdrew the purpose and that has a value there is refused with `PURPOSE_WITHDRAWN` (the default), or
   * written without the field: in Avro the field needs a default for that.
   */
  readonly whenWithdrawn?: 'refuse' | 'omit';
}

/** What a class (or a plain declaration) says about its events. Paths are dotted field paths. */
export interface EventSpec {
  /** Declared logical stream name that ciphertexts are bound to. */
  readonly stream: string;
  readonly type: string;
  /** Path of the user id. It travels encrypted; the record carries the pseudonym only. null: no user, no personal fields. */
  readonly userIdPath: string | null;
  /** Paths of the other personal fields. */
  readonly personalPaths: readonly string[];
  /** Those of the personal paths that are kept for one purpose; the others end with the user only. */
  readonly purposes?: Readonly<Record<string, FieldPurpose>>;
  /**
   * Path of the text or whole number that tells a user's records apart; personal or not, it stands in the record's key as a keyed hash.
   * Without it all records of a user have one key, the pseudonym.
   */
  readonly recordKeyPath?: string;
}

/** A record ready for a topic or an outbox: no personal value in clear in key, value or headers. */
export interface EncodedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the record came from is not part of it: only what travels with it counts. */
export interface IncomingRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DecodedEvent<T> {
  readonly value: T;
  readonly eventId: string;
  readonly type: string;
  readonly stream: string;
  /** Authenticated pseudonym of the event's user; null for events without one. */
  readonly userRef: UserRef | null;
  /**
   * True when all personal fields are `Erased`: the user is forgotten, or the lifetime of what belongs to no purpose is over. A
   * purpose that was withdrawn, or ended, makes its own fields `Erased` and leaves this false.
   */
  readonly erased: boolean;
  /**
   * True when personal fields are `Restricted`: the user is, for now. Those of a purpose that was withdrawn are `Erased` beside them.
   * What is built from such an event must be built again when the restriction is lifted.
   */
  readonly restricted: boolean;
}

export type Decoded<T> =
  | { readonly outcome: 'event'; readonly event: DecodedEvent<T> }
  | { readonly outcome: 'unavailable'; readonly reason: UnavailableReason }
  | {
      readonly outcome: 'invalid';
      readonly reason: InvalidReason | 'headers' | 'schema';
      readonly path: string;
    };

export interface EventToEncode {
  readonly spec: EventSpec;
  readonly value: object;
  /** A UUID; the caller may make it deterministic so that a repeated publication has the same id. */
  readonly eventId: string;
  /** Record key of an event without a user; refused for others, whose key begins with the pseudonym. Never a personal value. */
  readonly key?: Uint8Array;
}

/**
 * Events to records and back, personal fields encrypted in the format's own terms (JSON, Avro, string).
 * Batches, because keys are fetched once a batch.
 */
export interface EventCodec {
  /**
   * Rejects with `USER_FORGOTTEN`, `PURPOSE_WITHDRAWN`, `KEYRING_UNAVAILABLE`, `MASTER_KEY_UNAVAILABLE`, `USER_ID_INVALID` or
   * `EVENT_INVALID` (names the path, never the value).
   */
  encode(events: readonly EventToEncode[]): Promise<EncodedRecord[]>;
  /** One result a record, in order; performs the key barrier at most once a batch. */
  decode<T = unknown>(spec: EventSpec, records: readonly IncomingRecord[]): Promise<Decoded<T>[]>;
}
