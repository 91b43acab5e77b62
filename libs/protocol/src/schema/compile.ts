import { Buffer } from 'node:buffer';
import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { Codec, SteppedCodec } from './codec.js';
import { compileStruct } from './compile-struct.js';
import type { FieldSpec, ScalarKind } from './field.js';
import { includesVersion } from './versions.js';

type FixedKind = Exclude<ScalarKind, 'string' | 'bytes' | 'records'>;

const FIXED: { readonly [K in FixedKind]: Codec } = {
  boolean: { read: (r) => r.boolean(), write: (w, v) => w.boolean(v as boolean), minBytes: 1 },
  int8: { read: (r) => r.int8(), write: (w, v) => w.int8(v as number), minBytes: 1 },
  int16: { read: (r) => r.int16(), write: (w, v) => w.int16(v as number), minBytes: 2 },
  uint16: { read: (r) => r.uint16(), write: (w, v) => w.uint16(v as number), minBytes: 2 },
  int32: { read: (r) => r.int32(), write: (w, v) => w.int32(v as number), minBytes: 4 },
  int64: { read: (r) => r.int64(), write: (w, v) => w.int64(v as bigint), minBytes: 8 },
  float64: { read: (r) => r.float64(), write: (w, v) => w.float64(v as number), minBytes: 8 },
  uuid: { read: (r) => r.uuid(), write: (w, v) => w.uuid(v as string), minBytes: 16 },
};

/** How a length stands in bytes; -1 is null, and so is, as in Kafka's readers, whatever else is below 0. Flexible versions: unsigned varint of length + 1 (KIP-482). */
interface LengthCodec {
  read(reader: ByteReader): number;
  write(writer: ByteWriter, length: number): void;
  readonly minBytes: number;
}

const COMPACT: LengthCodec = {
  read: (r) => r.unsignedVarint() - 1,
  write: (w, length) => w.unsignedVarint(length + 1),
  minBytes: 1,
};
const INT32: LengthCodec = { read: (r) => r.int32(), write: (w, length) => w.int32(length), minBytes: 4 };
const INT16: LengthCodec = { read: (r) => r.int16(), write: (w, length) => w.int16(length), minBytes: 2 };

/** No string is longer, in compact form neither: Kafka's generated classes refuse it both ways. */
const LONGEST_STRING = 0x7fff;

const SIZED_AT_ONCE = 1024;

function nullError(): ProtocolError {
  return new ProtocolError('NULL_NOT_ALLOWED', 'null in a field that is not nullable in this version');
}

/** The codec of a field in one version of its message. */
export function compileField(field: FieldSpec, version: number, messageFlexible: boolean): Codec {
  const flexible = messageFlexible && field.options.flexible !== 'none';
  const nullable = includesVersion(field.options.nullable, version);
  switch (field.kind) {
    case 'string':
      return stringCodec(flexible ? COMPACT : INT16, nullable);
    case 'bytes':
    case 'records':
      return bytesCodec(flexible ? COMPACT : INT32, nullable, field.kind === 'records');
    case 'array':
      return arrayCodec(field, version, flexible, nullable);
    case 'struct': {
      const codec = compileStruct(field.fields ?? {}, version, flexible, compileField);
      return nullable ? nullableStructCodec(codec) : codec;
    }
    default:
      return FIXED[field.kind];
  }
}

function stringCodec(length: LengthCodec, nullable: boolean): Codec {
  return {
    read(reader) {
      const size = length.read(reader);
      if (size > LONGEST_STRING) throw new ProtocolError('INVALID_LENGTH', `a string of ${size} bytes`);
      if (size >= 0) return reader.utf8(size);
      if (nullable) return null;
      throw nullError();
    },
    write(writer, value) {
      if (value === null) {
        if (!nullable) throw nullError();
        length.write(writer, -1);
        return;
      }
      const text = value as string;
      const size = Buffer.byteLength(text);
      if (size > LONGEST_STRING) {
        throw new ProtocolError('VALUE_TOO_LONG', `a string of ${size} bytes, ${LONGEST_STRING} fit`);
      }
      length.write(writer, size);
      writer.utf8(text, size);
    },
    minBytes: length.minBytes,
  };
}

function bytesCodec(length: LengthCodec, nullable: boolean, attach: boolean): Codec {
  return {
    read(reader) {
      const size = length.read(reader);
      if (size >= 0) return reader.bytes(size);
      if (nullable) return null;
      throw nullError();
    },
    write(writer, value) {
      if (value === null) {
        if (!nullable) throw nullError();
        length.write(writer, -1);
        return;
      }
      const content = value as Uint8Array;
      length.write(writer, content.length);
      if (attach) writer.attach(content);
      else writer.bytes(content);
    },
    minBytes: length.minBytes,
  };
}

function arrayCodec(field: FieldSpec, version: number, flexible: boolean, nullable: boolean): Codec {
  if (field.element === undefined) throw new TypeError('an array field names its element');
  const length = flexible ? COMPACT : INT32;
  const element = compileField(field.element, version, flexible);
  const elementBytes = Math.max(1, element.minBytes);
  const readCount = (reader: ByteReader): number => {
    const count = length.read(reader);
    if (count < 0 && nullable) return -1;
    if (count < 0) throw nullError();
    if (count > reader.remaining / elementBytes) {
      throw new ProtocolError(
        'FRAME_OVERRUN',
        `${count} elements of at least ${elementBytes} bytes, ${reader.remaining} bytes are left in the frame`,
      );
    }
    reader.countElements(count);
    return count;
  };
  const writeCount = (writer: ByteWriter, items: readonly unknown[] | null): void => {
    if (items === null && !nullable) throw nullError();
    writer.elements.begin(items?.length ?? 0);
    length.write(writer, items?.length ?? -1);
  };
  return {
    read(reader) {
      const count = readCount(reader);
      if (count < 0) return null;
      const items = roomFor(count);
      for (let index = 0; index < count; index++) items[index] = element.read(reader);
      return items;
    },
    write(writer, value) {
      const items = value as readonly unknown[] | null;
      writeCount(writer, items);
      if (items !== null) for (const item of items) element.write(writer, item);
    },
    minBytes: length.minBytes,
    steps: arraySteps(element, readCount, writeCount),
  };
}

/** Growing by push takes room for 17 at the first: most arrays are shorter. Long ones grow as their elements turn up. */
function roomFor(count: number): unknown[] {
  return count <= SIZED_AT_ONCE ? new Array<unknown>(count) : [];
}

/** An array with a rest after every few elements, its elements' own ones counted with them. */
function arraySteps(
  element: Codec,
  readCount: (reader: ByteReader) => number,
  writeCount: (writer: ByteWriter, items: readonly unknown[] | null) => void,
): SteppedCodec {
  return {
    *read(reader) {
      const count = readCount(reader);
      if (count < 0) return null;
      const items = roomFor(count);
      for (let index = 0; index < count; index++) {
        items[index] = element.steps === undefined ? element.read(reader) : yield* element.steps.read(reader);
        if (reader.elements.isRestDue()) yield;
      }
      return items;
    },
    *write(writer, value) {
      const items = value as readonly unknown[] | null;
      writeCount(writer, items);
      for (const item of items ?? []) {
        if (element.steps === undefined) element.write(writer, item);
        else yield* element.steps.write(writer, item);
        if (writer.elements.isRestDue()) yield;
      }
    },
  };
}

/** A byte before the struct: -1 for null, else 1 (KIP-893). */
function nullableStructCodec(codec: Codec): Codec {
  return {
    read: (reader) => (reader.int8() < 0 ? null : codec.read(reader)),
    write(writer, value) {
      writer.int8(value === null ? -1 : 1);
      if (value !== null) codec.write(writer, value);
    },
    minBytes: 1,
  };
}
