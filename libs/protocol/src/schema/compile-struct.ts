import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { Codec, FieldCompiler } from './codec.js';
import { defaultMaker, defaultTest, structMaker } from './defaults.js';
import type { FieldSpec, Fields } from './field.js';
import { readTags, writeTags, type TaggedField } from './tagged-fields.js';
import { includesVersion, type VersionRange } from './versions.js';

interface NamedField {
  readonly name: string;
  readonly spec: FieldSpec;
}

interface WireField {
  readonly name: string;
  readonly codec: Codec;
  /** Stands in for a value that was left out; null where it may not be. */
  readonly makeDefault: (() => unknown) | null;
}

type Value = Record<string, unknown>;

const ALL_VERSIONS: VersionRange = '0+';

/** The codec of a struct in one version: its fields in the table's order, then its tagged ones where versions are flexible. */
export function compileStruct(
  fields: Fields,
  version: number,
  flexible: boolean,
  compileField: FieldCompiler,
): Codec {
  const wire: WireField[] = [];
  const tagged: TaggedField[] = [];
  const absent: NamedField[] = [];
  for (const [name, spec] of Object.entries(fields)) {
    const { versions, tag, default: preset } = spec.options;
    if (!includesVersion(versions ?? ALL_VERSIONS, version)) {
      absent.push({ name, spec });
    } else if (tag !== undefined) {
      tagged.push({ name, tag, isDefault: defaultTest(spec), codec: compileField(spec, version, flexible) });
    } else {
      const makeDefault = versions !== undefined || preset !== undefined ? defaultMaker(spec) : null;
      wire.push({ name, makeDefault, codec: compileField(spec, version, flexible) });
    }
  }
  tagged.sort((a, b) => a.tag - b.tag);
  return {
    read: structReader(fields, wire, flexible ? tagged : null),
    write: structWriter(
      wire,
      absent
        .filter(({ spec }) => spec.options.ignorable !== true)
        .map(({ name, spec }) => ({ name, isDefault: defaultTest(spec) })),
      flexible ? tagged : null,
    ),
    minBytes: wire.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0),
  };
}

function structReader(
  fields: Fields,
  wire: readonly WireField[],
  tagged: readonly TaggedField[] | null,
): Codec['read'] {
  const read = new Set(wire.map(({ name }) => name));
  // What is read is set below: until then it is undefined, and nothing is made for it.
  const make = structMaker(
    Object.entries(fields).map(([name, spec]) => ({ name, spec: read.has(name) ? null : spec })),
  );
  return (reader: ByteReader): Value => {
    const value = make();
    let current = '';
    try {
      for (const { name, codec } of wire) {
        current = name;
        value[name] = codec.read(reader);
      }
      current = 'tagged fields';
      if (tagged !== null) readTags(reader, value, tagged);
    } catch (error) {
      throw located(error, current);
    }
    return value;
  };
}

function structWriter(
  wire: readonly WireField[],
  forbidden: readonly { readonly name: string; readonly isDefault: (value: unknown) => boolean }[],
  tagged: readonly TaggedField[] | null,
): Codec['write'] {
  return (writer: ByteWriter, input: unknown): void => {
    const value = input as Value;
    let current = '';
    try {
      for (const { name, codec, makeDefault } of wire) {
        current = name;
        const item = value[name];
        if (item !== undefined) codec.write(writer, item);
        else if (makeDefault !== null) codec.write(writer, makeDefault());
        else throw new ProtocolError('INVALID_VALUE', 'the field has no default and was left out');
      }
      for (const { name, isDefault } of forbidden) {
        current = name;
        if (!isDefault(value[name])) {
          throw new ProtocolError(
            'FIELD_NOT_IN_VERSION',
            'this version has no such field, and it may not be lost',
          );
        }
      }
      current = 'tagged fields';
      if (tagged !== null) writeTags(writer, value, tagged);
    } catch (error) {
      throw located(error, current);
    }
  };
}

/** The same error with the field's path in front. Node's own errors quote the value, which may be personal: they are replaced. */
function located(error: unknown, field: string): ProtocolError {
  if (error instanceof ProtocolError) {
    return new ProtocolError(error.code, error.reason, [field, ...error.path]);
  }
  return new ProtocolError('INVALID_VALUE', 'the value does not fit the type of the field', [field]);
}
