import type { Erased, Restricted } from '../event-codec.js';
import type { EventShape } from '../event-shape.js';

/** Encrypts one personal value; returns its envelope. */
export type SealField = (path: string, plaintext: Uint8Array) => Uint8Array;
/** Decrypts one envelope. Throws `RecordRefused` when it cannot be read. */
export type OpenField = (path: string, envelope: Uint8Array) => Uint8Array | Erased | Restricted;

/** An event's bytes. Throws `EVENT_INVALID` naming the path. */
export type WriteEvent = (event: object, seal: SealField) => Uint8Array;
/** The event in these bytes. Throws `RecordRefused`. */
export type ReadEvent = (value: Uint8Array, open: OpenField) => object;
/** What is at hand is given as it is: a promise costs more than what is done with it when events come one by one. */
export type AtHand<T> = T | Promise<T>;

/**
 * How events become bytes. Writing and reading are synchronous; what they need (schemas) is fetched before.
 * A writer throws `EVENT_INVALID` naming the path; a reader throws `RecordRefused`. Neither repeats a value in a message.
 */
export interface EventFormat {
  /** Travels as `oubliette-format`. */
  readonly name: string;
  writer(shape: EventShape): AtHand<WriteEvent>;
  /** `values` are the record values that the reader is going to be given. */
  reader(shape: EventShape, values: readonly Uint8Array[]): AtHand<ReadEvent>;
}
