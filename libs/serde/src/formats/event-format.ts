import type { Erased } from '../event-codec.js';
import type { EventShape } from '../event-shape.js';

/** Encrypts one personal value; returns its envelope. */
export type SealField = (path: string, plaintext: Uint8Array) => Uint8Array;
/** Decrypts one envelope. Throws `RecordRefused` when it cannot be read. */
export type OpenField = (path: string, envelope: Uint8Array) => Uint8Array | Erased;

/**
 * How events become bytes. Writing and reading are synchronous; what they need (schemas) is fetched before.
 * A writer throws `EVENT_INVALID` naming the path; a reader throws `RecordRefused`. Neither repeats a value in a message.
 */
export interface EventFormat {
  /** Travels as `oubliette-format`. */
  readonly name: string;
  writer(shape: EventShape): Promise<(event: object, seal: SealField) => Uint8Array>;
  /** `values` are the record values that the reader is going to be given. */
  reader(
    shape: EventShape,
    values: readonly Uint8Array[],
  ): Promise<(value: Uint8Array, open: OpenField) => object>;
}
