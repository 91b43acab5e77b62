import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { FieldSpec } from './field.js';

/** How one field of one version stands in bytes. */
export interface Codec {
  read(reader: ByteReader): unknown;
  /** `value` has the type that the tables' builders promise. */
  write(writer: ByteWriter, value: unknown): void;
  /** The least bytes that a value takes: an array's count is checked against it before anything is read. */
  readonly minBytes: number;
  /** The same for what may hold many elements, pausing between them: arrays, and structs with arrays. */
  readonly steps?: SteppedCodec;
}

/** A codec whose work can be done in pieces: each `yield` is a place where others may run. */
export interface SteppedCodec {
  read(reader: ByteReader): Generator<void, unknown, undefined>;
  write(writer: ByteWriter, value: unknown): Generator<void, void, undefined>;
}

/** Makes the codec of a field in one version of its message. */
export type FieldCompiler = (field: FieldSpec, version: number, flexible: boolean) => Codec;
