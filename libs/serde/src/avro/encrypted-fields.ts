import avro from 'avsc';
import type { Schema, Type } from 'avsc';
import { SerdeError } from '../errors.js';
import type { EventShape } from '../event-shape.js';
import { ENCRYPTED_LOGICAL_TYPE, EncryptedType, encryptedTypeOptions } from './encrypted-type.js';

/** Parses a schema in which encrypted fields may stand. Throws `SCHEMA_INVALID`. */
export function parseAvroSchema(schema: Schema): Type {
  try {
    return avro.Type.forSchema(schema, encryptedTypeOptions());
  } catch (error) {
    if (error instanceof SerdeError) throw error;
    const why = error instanceof Error ? error.message : 'unknown reason';
    throw new SerdeError('SCHEMA_INVALID', `Not an Avro schema: ${why}.`);
  }
}

/** Encrypted fields by dotted path. Throws `SCHEMA_INVALID` where one stands in an array, map, recursion or a wider union. */
export function encryptedFields(type: Type): Map<string, EncryptedType> {
  const fields = new Map<string, EncryptedType>();
  collect(type, '', fields, []);
  return fields;
}

/**
 * Declared personal paths and encrypted fields of the schema must be the same: a path left out would travel in clear. So must be the
 * purposes, where the schema names them.
 */
export function checkAgainst(shape: EventShape, fields: ReadonlyMap<string, EncryptedType>): void {
  const { type } = shape.spec;
  for (const path of shape.paths) {
    if (fields.has(path)) continue;
    throw new SerdeError(
      'SCHEMA_INVALID',
      `Event ${type}: ${path} is personal, but its field in the Avro schema has no logical type ${ENCRYPTED_LOGICAL_TYPE}.`,
      path,
    );
  }
  for (const [path, { purpose }] of fields) {
    if (shape.paths.includes(path)) {
      if (purpose === null || purpose === shape.purposes.get(path)?.purpose) continue;
      throw new SerdeError(
        'SCHEMA_INVALID',
        `Event ${type}: the Avro schema keeps ${path} for the purpose ${purpose}; declare the same.`,
        path,
      );
    }
    throw new SerdeError(
      'SCHEMA_INVALID',
      `Event ${type}: the Avro schema encrypts ${path}; declare it as personal.`,
      path,
    );
  }
}

function collect(type: Type, path: string, fields: Map<string, EncryptedType>, above: readonly Type[]): void {
  const inner = withoutNull(type);
  if (inner instanceof EncryptedType) {
    fields.set(path, inner);
  } else if (inner instanceof avro.types.RecordType && !above.includes(inner)) {
    for (const field of inner.fields) {
      collect(field.type, path === '' ? field.name : `${path}.${field.name}`, fields, [...above, inner]);
    }
  } else if (holdsEncrypted(inner, new Set())) {
    throw new SerdeError(
      'SCHEMA_INVALID',
      `Avro schema: an encrypted field lies inside ${path || 'the schema'}, which is an array, a map, a recursive record ` +
        'or a union of several types. Encrypt the whole of it, or make it nullable only.',
      path,
    );
  }
}

/** The other branch of `["null", X]`; any other type as it is. */
function withoutNull(type: Type): Type {
  if (!isUnion(type) || type.types.length !== 2) return type;
  const branches = type.types.filter((branch) => branch.typeName !== 'null');
  return branches.length === 1 ? (branches[0] as Type) : type;
}

function holdsEncrypted(type: Type, seen: Set<Type>): boolean {
  if (type instanceof EncryptedType) return true;
  if (seen.has(type)) return false;
  seen.add(type);
  return parts(type).some((part) => holdsEncrypted(part, seen));
}

function parts(type: Type): readonly Type[] {
  if (isUnion(type)) return type.types;
  if (type instanceof avro.types.RecordType) return type.fields.map((field) => field.type);
  if (type instanceof avro.types.ArrayType) return [type.itemsType];
  if (type instanceof avro.types.MapType) return [type.valuesType];
  return [];
}

function isUnion(type: Type): type is Type & { readonly types: readonly Type[] } {
  return type.typeName.startsWith('union:');
}
