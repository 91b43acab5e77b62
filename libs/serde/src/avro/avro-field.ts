import type { Resolver, Type } from 'avsc';
import { SerdeError } from '../errors.js';
import type { Serde } from '../serdes.js';
import { AvroScratch } from './avro-scratch.js';
import { startsWith } from './avro-prefix.js';
import { SINGLE_OBJECT_PREFIX_BYTES, singleObjectPrefix } from './single-object.js';

/**
 * Avro values in single-object encoding. `earlier` are schemas that older values may be written with; they are resolved to
 * `type` by Avro's rules. avsc's own messages quote values, so they are not passed on: errors are `VALUE_INVALID`.
 */
export function createAvroSerde(type: Type, earlier: readonly Type[] = []): Serde<unknown> {
  return new AvroField(type, earlier, new AvroScratch());
}

/** The serde, and its bytes without a copy. */
export class AvroField implements Serde<unknown> {
  readonly #type: Type;
  readonly #prefix: Uint8Array;
  readonly #earlier: readonly { readonly prefix: Uint8Array; readonly resolver: Resolver }[];
  readonly #scratch: AvroScratch;

  constructor(type: Type, earlier: readonly Type[], scratch: AvroScratch) {
    this.#type = type;
    this.#prefix = singleObjectPrefix(type);
    this.#earlier = earlier
      .map((other) => ({ other, prefix: singleObjectPrefix(other) }))
      .filter(({ prefix }) => !startsWith(prefix, this.#prefix))
      .map(({ other, prefix }) => ({ prefix, resolver: type.createResolver(other) }));
    this.#scratch = scratch;
  }

  serialize(value: unknown): Uint8Array {
    return this.encode(value, (bytes) => new Uint8Array(bytes));
  }

  /** `use` gets the bytes in memory that is overwritten when it returns. */
  encode<R>(value: unknown, use: (bytes: Uint8Array) => R): R {
    return encodeAvro(this.#scratch, this.#type, this.#prefix, value, (memory, length) =>
      use(new Uint8Array(memory.buffer, memory.byteOffset, length)),
    );
  }

  deserialize(bytes: Uint8Array): unknown {
    if (startsWith(bytes, this.#prefix)) return this.#decode(bytes);
    const writer = this.#earlier.find(({ prefix }) => startsWith(bytes, prefix));
    if (writer === undefined) {
      throw new SerdeError(
        'VALUE_INVALID',
        'The value was written with an Avro schema that is not known here.',
      );
    }
    return this.#decode(bytes, writer.resolver);
  }

  #decode(bytes: Uint8Array, resolver?: Resolver): unknown {
    return this.#scratch.decode(bytes, (memory) =>
      decodeAvro(this.#type, memory, SINGLE_OBJECT_PREFIX_BYTES, bytes.length, resolver),
    );
  }
}

/**
 * Throws `VALUE_INVALID` with the dotted path of the first field that does not fit. `use` is called once the value is
 * encoded, and what it throws is passed on.
 */
export function encodeAvro<R>(
  scratch: AvroScratch,
  type: Type,
  prefix: Uint8Array,
  value: unknown,
  use: (memory: Buffer, length: number) => R,
): R {
  let encoded = false;
  try {
    return scratch.encode(type, prefix, value, (memory, length) => {
      encoded = true;
      return use(memory, length);
    });
  } catch (error) {
    if (encoded) throw error;
    let path = '';
    type.isValid(value, {
      errorHook: (names) => {
        if (path === '') path = names.join('.');
      },
    });
    throw new SerdeError('VALUE_INVALID', `${path || 'The value'} does not fit the Avro schema.`, path);
  }
}

/** The value that stands in `bytes` from `start` to `end`. Throws `VALUE_INVALID`. */
export function decodeAvro(
  type: Type,
  bytes: Uint8Array,
  start: number,
  end: number,
  resolver?: Resolver,
): unknown {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    // avsc reads on and never back: a value that was read over the end does not end there.
    const { value, offset } = type.decode(buffer, start, resolver);
    if (offset === end) return value;
  } catch {
    // avsc's message would quote the value.
  }
  throw new SerdeError('VALUE_INVALID', 'The bytes do not fit the Avro schema.');
}
