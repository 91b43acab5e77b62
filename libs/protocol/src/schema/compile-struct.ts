import { ProtocolError } from '../errors.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { Codec, FieldCompiler, SteppedCodec } from './codec.js';
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

/** The fields of one version. */
interface Layout {
  readonly wire: readonly WireField[];
  /** Fields that this version has not, and that may not be lost. */
  readonly forbidden: readonly { readonly name: string; readonly isDefault: (value: unknown) => boolean }[];
  readonly tagged: readonly TaggedField[] | null;
}

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
  const layout: Layout = {
    wire,
    forbidden: absent
      .filter(({ spec }) => spec.options.ignorable !== true)
      .map(({ name, spec }) => ({ name, isDefault: defaultTest(spec) })),
    tagged: flexible ? tagged : null,
  };
  const make = maker(fields, wire);
  const codec = {
    read: structReader(make, layout),
    write: structWriter(layout),
    minBytes: wire.reduce((sum, { codec }) => sum + codec.minBytes, flexible ? 1 : 0),
  };
  return wire.some(({ codec: { steps } }) => steps !== undefined)
    ? { ...codec, steps: structSteps(make, layout) }
    : codec;
}

/** What is read is set later: until then it is undefined, and nothing is made for it. */
function maker(fields: Fields, wire: readonly WireField[]): () => Value {
  const read = new Set(wire.map(({ name }) => name));
  return structMaker(
    Object.entries(fields).map(([name, spec]) => ({ name, spec: read.has(name) ? null : spec })),
  );
}

function structReader(make: () => Value, { wire, tagged }: Layout): Codec['read'] {
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

function structWriter({ wire, forbidden, tagged }: Layout): Codec['write'] {
  return (writer: ByteWriter, input: unknown): void => {
    const value = input as Value;
    let current = '';
    try {
      for (const { name, codec, makeDefault } of wire) {
        current = name;
        const item = value[name];
        if (item !== undefined) codec.write(writer, item);
        else codec.write(writer, defaultOf(makeDefault));
      }
      for (const field of forbidden) {
        current = field.name;
        assertDefault(field, value);
      }
      current = 'tagged fields';
      if (tagged !== null) writeTags(writer, value, tagged);
    } catch (error) {
      throw located(error, current);
    }
  };
}

/** Reader and writer that pause within fields which may hold many elements. */
function structSteps(make: () => Value, { wire, forbidden, tagged }: Layout): SteppedCodec {
  return {
    *read(reader) {
      const value = make();
      let current = '';
      try {
        for (const { name, codec } of wire) {
          current = name;
          value[name] = codec.steps === undefined ? codec.read(reader) : yield* codec.steps.read(reader);
        }
        current = 'tagged fields';
        if (tagged !== null) readTags(reader, value, tagged);
      } catch (error) {
        throw located(error, current);
      }
      return value;
    },
    *write(writer, input) {
      const value = input as Value;
      let current = '';
      try {
        for (const { name, codec, makeDefault } of wire) {
          current = name;
          const item = value[name] ?? (value[name] === undefined ? defaultOf(makeDefault) : null);
          if (codec.steps === undefined) codec.write(writer, item);
          else yield* codec.steps.write(writer, item);
        }
        for (const field of forbidden) {
          current = field.name;
          assertDefault(field, value);
        }
        current = 'tagged fields';
        if (tagged !== null) writeTags(writer, value, tagged);
      } catch (error) {
        throw located(error, current);
      }
    },
  };
}

function defaultOf(makeDefault: (() => unknown) | null): unknown {
  if (makeDefault !== null) return makeDefault();
  throw new ProtocolError('INVALID_VALUE', 'the field has no default and was left out');
}

function assertDefault({ name, isDefault }: Layout['forbidden'][number], value: Value): void {
  if (isDefault(value[name])) return;
  throw new ProtocolError('FIELD_NOT_IN_VERSION', 'this version has no such field, and it may not be lost');
}

/** The same error with the field's path in front. Node's own errors quote the value, which may be personal: they are replaced. */
function located(error: unknown, field: string): ProtocolError {
  if (error instanceof ProtocolError) {
    return new ProtocolError(error.code, error.reason, [field, ...error.path]);
  }
  return new ProtocolError('INVALID_VALUE', 'the value does not fit the type of the field', [field]);
}
