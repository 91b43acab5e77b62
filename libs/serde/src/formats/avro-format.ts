import { type AvroField, decodeAvro, encodeAvro } from '../avro/avro-field.js';
import { startsWith } from '../avro/avro-prefix.js';
import { CompiledSchemas, type CompiledSchema, type Reading } from '../avro/compiled-schemas.js';
import { checkAgainst } from '../avro/encrypted-fields.js';
import { SealedBytes } from '../avro/encrypted-type.js';
import type { FramedSchema, SchemaSource } from '../avro/schema-source.js';
import { SerdeError } from '../errors.js';
import { rewritePersonal } from '../event-shape.js';
import type { EventShape } from '../event-shape.js';
import { invalidRecord } from '../refusal.js';
import type { AtHand, EventFormat, OpenField, ReadEvent, SealField, WriteEvent } from './event-format.js';

/** Writers' schemas that a shape is read with at once without asking where they are. */
const READINGS_BOUND = 16;

/**
 * Avro. Personal fields have the logical type `oubliette-encrypted`; inside an envelope the value stands in Avro's
 * single-object encoding, so that its schema may evolve. Values written with an older schema are resolved to the current one.
 */
export function createAvroFormat(schemas: SchemaSource): EventFormat {
  const cache = new CompiledSchemas();
  const shaped = new WeakMap<EventShape, ShapedSchema>();
  const shapedOf = (shape: EventShape, framed: FramedSchema): ShapedSchema => {
    const known = shaped.get(shape);
    if (known?.framed === framed) return known;
    const made = new ShapedSchema(shape, framed, cache, schemas);
    shaped.set(shape, made);
    return made;
  };
  return {
    name: 'avro',
    writer(shape) {
      const current = schemas.current(shape.spec);
      return current instanceof Promise
        ? current.then((framed) => shapedOf(shape, framed).write)
        : shapedOf(shape, current).write;
    },
    reader(shape, values) {
      const current = schemas.current(shape.spec);
      return current instanceof Promise
        ? current.then((framed) => shapedOf(shape, framed).reader(values))
        : shapedOf(shape, current).reader(values);
    },
  };
}

/** A shape with the schema that it is written with and read as now. */
class ShapedSchema {
  readonly #schema: CompiledSchema;
  /** The reader for the writers' schemas that were met last, and these. */
  #readings: readonly Reading[] = [];
  #read: ReadEvent;

  /** Throws `SCHEMA_INVALID`. */
  constructor(
    private readonly shape: EventShape,
    readonly framed: FramedSchema,
    private readonly cache: CompiledSchemas,
    private readonly schemas: SchemaSource,
  ) {
    this.#schema = cache.compiled(framed);
    checkAgainst(shape, this.#schema.fields);
    this.#read = readerOver(shape, []);
  }

  readonly write: WriteEvent = (event, seal) => write(this.shape, this.#schema, event, seal);

  reader(values: readonly Uint8Array[]): AtHand<ReadEvent> {
    return values.every((value) => readingFor(this.#readings, value)) ? this.#read : this.#readerFor(values);
  }

  async #readerFor(values: readonly Uint8Array[]): Promise<ReadEvent> {
    const { shape, cache, schemas } = this;
    const readings: Reading[] = [];
    const unreadable = new Set<string>();
    for (const value of values) {
      if (readingFor(readings, value)) continue;
      const frame = schemas.frameOf(value);
      if (frame === null || unreadable.has(frame)) continue;
      const framed = await schemas.find(frame);
      const reading = framed === null ? null : cache.reading(this.#schema, cache.compiled(framed));
      if (reading === null) unreadable.add(frame);
      else readings.push(reading);
    }
    const before = this.#readings.filter((reading) => !readings.includes(reading));
    this.#readings = [...readings, ...before].slice(0, READINGS_BOUND);
    this.#read = readerOver(shape, this.#readings);
    return readings.length > READINGS_BOUND ? readerOver(shape, readings) : this.#read;
  }
}

/** A reading that is kept never changes: whoever was given a reader may use it after others were made. */
function readerOver(shape: EventShape, readings: readonly Reading[]): ReadEvent {
  return (value, open) => {
    const reading = readingFor(readings, value);
    return reading ? read(shape, reading, value, open) : invalidRecord('schema', '');
  };
}

function readingFor(readings: readonly Reading[], value: Uint8Array): Reading | undefined {
  for (const reading of readings) if (startsWith(value, reading.prefix)) return reading;
  return undefined;
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
  copy.set(new Uint8Array(memory.buffer, memory.byteOffset, length));
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
  const { type, prefix, resolver } = reading;
  const event = readAs(() => decodeAvro(type, value, prefix.length, value.length, resolver), '');
  return rewritePersonal(
    event as object,
    shape.steps,
    (path, sealed) => {
      if (sealed === null) return null;
      if (!(sealed instanceof SealedBytes)) return invalidRecord('malformed', path);
      const opened = open(path, sealed.bytes);
      if (!(opened instanceof Uint8Array)) return opened;
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
