import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { Codec, FieldCompiler } from './codec.js';
import { defaultOf, isDefault } from './defaults.js';
import type { FieldSpec, Fields } from './field.js';
import { readTags, writeTags, type TaggedField } from './tagged-fields.js';
import { includesVersion, type VersionRange } from './versions.js';

interface NamedField {
  readonly name: string;
  readonly spec: FieldSpec;
}

interface WireField extends NamedField {
  readonly codec: Codec;
  /** May the value be left out when encoding? */
  readonly optional: boolean;
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
      tagged.push({ name, spec, tag, codec: compileField(spec, version, flexible) });
    } else {
      const optional = versions !== undefined || preset !== undefined;
      wire.push({ name, spec, optional, codec: compileField(spec, version, flexible) });
    }
  }
  tagged.sort((a, b) => a.tag - b.tag);
  return {
    read: structReader(fields, wire, [...absent, ...tagged], flexible ? tagged : null),
    write: structWriter(
      wire,
      absent.filter(({ spec }) => spec.options.ignorable !== true),
      flexible ? tagged : null,
    ),
    minBytes: wire.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0),
  };
}

function structReader(
  fields: Fields,
  wire: readonly WireField[],
  preset: readonly NamedField[],
  tagged: readonly TaggedField[] | null,
): Codec['read'] {
  // Every struct is a copy of one template, so that all share a shape; what is an object itself is made anew.
  const template = Object.fromEntries(Object.keys(fields).map((name) => [name, undefined]));
  const fresh: NamedField[] = [];
  for (const { name, spec } of preset) {
    const value = defaultOf(spec);
    if (typeof value === 'object' && value !== null) fresh.push({ name, spec });
    else template[name] = value as undefined;
  }
  return (reader: ByteReader): Value => {
    const value: Value = { ...template };
    for (const { name, spec } of fresh) value[name] = defaultOf(spec);
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
  forbidden: readonly NamedField[],
  tagged: readonly TaggedField[] | null,
): Codec['write'] {
  return (writer: ByteWriter, input: unknown): void => {
    const value = input as Value;
    let current = '';
    try {
      for (const { name, spec, codec, optional } of wire) {
        current = name;
        const item = value[name];
        if (item !== undefined) codec.write(writer, item);
        else if (optional) codec.write(writer, defaultOf(spec));
        else throw new ProtocolError('INVALID_VALUE', 'the field has no default and was left out');
      }
      for (const { name, spec } of forbidden) {
        current = name;
        if (!isDefault(spec, value[name])) {
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
