import type { Resolver, Type } from 'avsc';
import { AvroField, decodeAvro, encodeAvro } from '../avro/avro-field.js';
import { startsWith } from '../avro/avro-prefix.js';
import { AvroScratch } from '../avro/avro-scratch.js';
import { checkAgainst, encryptedFields, parseAvroSchema } from '../avro/encrypted-fields.js';
import type { EncryptedType } from '../avro/encrypted-type.js';
import { SealedBytes } from '../avro/encrypted-type.js';
import type { FramedSchema, SchemaSource } from '../avro/schema-source.js';
import { isErased } from '../erased.js';
import { SerdeError } from '../errors.js';
import { rewritePersonal } from '../event-shape.js';
import type { EventShape } from '../event-shape.js';
import { invalidRecord } from '../refusal.js';
import type { EventFormat, OpenField, SealField } from './event-format.js';

/** Schemas kept compiled; the one used longest ago is compiled again when it is met again. */
const COMPILED_BOUND = 1_000;

/**
 * Avro. Personal fields have the logical type `oubliette-encrypted`; inside an envelope the value stands in Avro's
 * single-object encoding, so that its schema may evolve. Values written with an older schema are resolved to the current one.
 */
export function createAvroFormat(schemas: SchemaSource): EventFormat {
  const cache = new CompiledSchemas();
  return {
    name: 'avro',
    async writer(shape) {
      const schema = cache.compiled(await schemas.current(shape.spec));
      checkAgainst(shape, schema.fields);
      return (event, seal) => write(shape, schema, event, seal);
    },
    async reader(shape, values) {
      const current = cache.compiled(await schemas.current(shape.spec));
      checkAgainst(shape, current.fields);
      const readings: Reading[] = [];
      const unreadable = new Set<string>();
      for (const value of values) {
        if (readings.some(({ prefix }) => startsWith(value, prefix))) continue;
        const frame = schemas.frameOf(value);
        if (frame === null || unreadable.has(frame)) continue;
        const framed = await schemas.find(frame);
        const reading = framed === null ? null : cache.reading(current, cache.compiled(framed));
        if (reading === null) unreadable.add(frame);
        else readings.push(reading);
      }
      return (value, open) => {
        for (const reading of readings)
          if (startsWith(value, reading.prefix)) return read(shape, reading, value, open);
        return invalidRecord('schema', '');
      };
    },
  };
}

interface CompiledSchema {
  readonly framed: FramedSchema;
  readonly type: Type;
  readonly fields: ReadonlyMap<string, EncryptedType>;
  readonly serdes: ReadonlyMap<string, AvroField>;
  readonly scratch: AvroScratch;
  /** By the schema of a writer; null for one that does not resolve to this. */
  readonly readings: WeakMap<CompiledSchema, Reading | null>;
}

/** How values of one writer schema are read as the current one. */
interface Reading {
  readonly type: Type;
  readonly resolver: Resolver | undefined;
  readonly prefix: Uint8Array;
  readonly serdes: ReadonlyMap<string, AvroField>;
}

class CompiledSchemas {
  readonly #compiled = new Map<string, CompiledSchema>();

  compiled(framed: FramedSchema): CompiledSchema {
    const schema = this.#compiled.get(framed.frame) ?? compile(framed);
    this.#compiled.delete(framed.frame);
    this.#compiled.set(framed.frame, schema);
    if (this.#compiled.size > COMPILED_BOUND) {
      for (const oldest of this.#compiled.keys()) {
        this.#compiled.delete(oldest);
        break;
      }
    }
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

function write(shape: EventShape, schema: CompiledSchema, event: object, seal: SealField): Uint8Array {
  const sealed = rewritePersonal(
    event,
    shape.steps,
    // Avro's null stands outside of the encrypted branch: an absent value has nothing to hide but its absence.
    (path, value) => (value === null ? null : new SealedBytes(sealedField(shape, schema, path, value, seal))),
    (path) => {
      throw invalid(shape, path);
    },
  );
  try {
    return encodeAvro(schema.scratch, schema.type, schema.framed.prefix, sealed, sharedCopy);
  } catch (error) {
    throw error instanceof SerdeError ? invalid(shape, error.path) : error;
  }
}

/** Small ones are cut from Node's pool, which others see: nothing personal stands there in clear. */
function sharedCopy(memory: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  memory.copy(copy, 0, 0, length);
  return copy;
}

function sealedField(
  shape: EventShape,
  schema: CompiledSchema,
  path: string,
  value: unknown,
  seal: SealField,
): Buffer {
  let envelope: Uint8Array;
  try {
    envelope = (schema.serdes.get(path) as AvroField).encode(value, (plaintext) => seal(path, plaintext));
  } catch (error) {
    throw error instanceof SerdeError && error.code === 'VALUE_INVALID' ? invalid(shape, path) : error;
  }
  return Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength);
}

function read(shape: EventShape, reading: Reading, value: Uint8Array, open: OpenField): object {
  const event = readAs(() => decodeAvro(reading.type, value, reading.prefix.length, reading.resolver), '');
  return rewritePersonal(
    event as object,
    shape.steps,
    (path, sealed) => {
      if (sealed === null) return null;
      if (!(sealed instanceof SealedBytes)) return invalidRecord('malformed', path);
      const opened = open(path, sealed.bytes);
      if (isErased(opened)) return opened;
      const field = readAs(() => (reading.serdes.get(path) as AvroField).deserialize(opened), path);
      opened.fill(0);
      return field;
    },
    (path) => invalidRecord('malformed', path),
  );
}

function readAs(decode: () => unknown, path: string): unknown {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof SerdeError)) throw error;
    return invalidRecord(path === '' ? 'malformed' : 'schema', path);
  }
}

function invalid(shape: EventShape, path: string): SerdeError {
  const where = path === '' ? 'the event' : path;
  return new SerdeError(
    'EVENT_INVALID',
    `Event ${shape.spec.type}: ${where} does not fit the Avro schema.`,
    path,
  );
}
