import type { Schema } from 'avsc';
import type { EventSpec } from '../event-codec.js';

/** A schema with the bytes that stand before every value written with it. */
export interface FramedSchema {
  /** Names the schema within its source (fingerprint, registry id). */
  readonly frame: string;
  readonly prefix: Uint8Array;
  readonly schema: Schema;
}

/** Where Avro schemas come from, and how a record says which one it was written with. */
export interface SchemaSource {
  /**
   * The schema that new events of this type are written with; no promise where it is at hand. Rejects with `SCHEMA_REGISTRY_UNAVAILABLE`,
   * rejects with or throws `SCHEMA_UNKNOWN`.
   */
  current(spec: EventSpec): FramedSchema | Promise<FramedSchema>;
  /** The frame a value begins with; null when it begins with none. */
  frameOf(value: Uint8Array): string | null;
  /** null: there is no such schema. Rejects with `SCHEMA_REGISTRY_UNAVAILABLE`, which is retriable. */
  find(frame: string): Promise<FramedSchema | null>;
}
