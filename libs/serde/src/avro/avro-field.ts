import type { Resolver, Type } from 'avsc';
import { SerdeError } from '../errors.js';
import type { Serde } from '../serdes.js';
import { SINGLE_OBJECT_PREFIX_BYTES, singleObjectFingerprint, singleObjectPrefix } from './single-object.js';

/**
 * Avro values in single-object encoding. `earlier` are schemas that older values may be written with; they are resolved to
 * `type` by Avro's rules. avsc's own messages quote values, so they are not passed on: errors are `VALUE_INVALID`.
 */
export function createAvroSerde(type: Type, earlier: readonly Type[] = []): Serde<unknown> {
  const prefix = singleObjectPrefix(type);
  const fingerprint = singleObjectFingerprint(prefix);
  const resolvers = new Map<string | null, Resolver>();
  for (const other of earlier) {
    const frame = singleObjectFingerprint(singleObjectPrefix(other));
    if (frame !== fingerprint) resolvers.set(frame, type.createResolver(other));
  }
  return {
    serialize(value) {
      return Buffer.concat([prefix, encodeAvro(type, value)]);
    },
    deserialize(bytes) {
      const frame = singleObjectFingerprint(bytes);
      const resolver = resolvers.get(frame);
      if (frame === null || (frame !== fingerprint && resolver === undefined)) {
        throw new SerdeError(
          'VALUE_INVALID',
          'The value was written with an Avro schema that is not known here.',
        );
      }
      return decodeAvro(type, bytes.subarray(SINGLE_OBJECT_PREFIX_BYTES), resolver);
    },
  };
}

/** Throws `VALUE_INVALID` with the dotted path of the first field that does not fit. */
export function encodeAvro(type: Type, value: unknown): Buffer {
  try {
    return type.toBuffer(value);
  } catch {
    let path = '';
    type.isValid(value, {
      errorHook: (names) => {
        if (path === '') path = names.join('.');
      },
    });
    throw new SerdeError('VALUE_INVALID', `${path || 'The value'} does not fit the Avro schema.`, path);
  }
}

/** Throws `VALUE_INVALID`. */
export function decodeAvro(type: Type, bytes: Uint8Array, resolver?: Resolver): unknown {
  try {
    return type.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), resolver);
  } catch {
    throw new SerdeError('VALUE_INVALID', 'The bytes do not fit the Avro schema.');
  }
}
