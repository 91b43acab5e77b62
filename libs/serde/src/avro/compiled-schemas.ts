import type { Resolver, Type } from 'avsc';
import { BoundedMap } from '../bounded-map.js';
import { AvroField } from './avro-field.js';
import { AvroScratch } from './avro-scratch.js';
import { encryptedFields, parseAvroSchema } from './encrypted-fields.js';
import type { EncryptedType } from './encrypted-type.js';
import type { FramedSchema } from './schema-source.js';

/** Schemas kept compiled; the one used longest ago is compiled again when it is met again. */
const COMPILED_BOUND = 1_000;

/** A schema with what its encrypted fields are read and written with. */
export interface CompiledSchema {
  readonly framed: FramedSchema;
  readonly type: Type;
  readonly fields: ReadonlyMap<string, EncryptedType>;
  readonly serdes: ReadonlyMap<string, AvroField>;
  readonly scratch: AvroScratch;
  /** By the schema of a writer; null for one that does not resolve to this. */
  readonly readings: WeakMap<CompiledSchema, Reading | null>;
}

/** How values of one writer schema are read as the current one. */
export interface Reading {
  readonly type: Type;
  readonly resolver: Resolver | undefined;
  readonly prefix: Uint8Array;
  readonly serdes: ReadonlyMap<string, AvroField>;
}

/** Schemas by frame, of which so many stay compiled. */
export class CompiledSchemas {
  readonly #compiled = new BoundedMap<string, CompiledSchema>(COMPILED_BOUND);

  compiled(framed: FramedSchema): CompiledSchema {
    const schema = this.#compiled.get(framed.frame) ?? compile(framed);
    this.#compiled.set(framed.frame, schema);
    return schema;
  }

  reading(current: CompiledSchema, writer: CompiledSchema): Reading | null {
    const known = current.readings.get(writer);
    if (known !== undefined) return known;
    const reading = readingOf(current, writer);
    current.readings.set(writer, reading);
    return reading;
  }
}

function compile(framed: FramedSchema): CompiledSchema {
  const type = parseAvroSchema(framed.schema);
  const fields = encryptedFields(type);
  const scratch = new AvroScratch();
  const serdes = new Map([...fields].map(([path, field]) => [path, new AvroField(field.of, [], scratch)]));
  return { framed, type, fields, serdes, scratch, readings: new WeakMap() };
}

/** null when the writer's schema does not resolve to the current one. */
function readingOf(current: CompiledSchema, writer: CompiledSchema): Reading | null {
  const { prefix } = writer.framed;
  if (writer === current) return { type: current.type, resolver: undefined, prefix, serdes: current.serdes };
  try {
    const serdes = new Map<string, AvroField>();
    for (const [path, field] of current.fields) {
      const before = writer.fields.get(path);
      serdes.set(path, new AvroField(field.of, before === undefined ? [] : [before.of], current.scratch));
    }
    return { type: current.type, resolver: current.type.createResolver(writer.type), prefix, serdes };
  } catch {
    return null;
  }
}
