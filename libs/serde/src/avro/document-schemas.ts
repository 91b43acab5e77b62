import type { Schema } from 'avsc';
import type { EventSpec } from '../event-codec.js';
import { SerdeError } from '../errors.js';
import { parseAvroSchema } from './encrypted-fields.js';
import type { FramedSchema, SchemaSource } from './schema-source.js';
import { singleObjectFingerprint, singleObjectPrefix } from './single-object.js';

/** One `.avsc` file. `name` appears in messages only. */
export interface SchemaDocument {
  readonly name: string;
  readonly text: string;
}

/**
 * Schemas from files, framed by Avro's single-object encoding. A record schema serves the event type that equals its name
 * or full name; of several versions the last document is written with, all are read. Throws `SCHEMA_INVALID`.
 */
export function createDocumentSchemas(documents: readonly SchemaDocument[]): SchemaSource {
  const current = new Map<string, FramedSchema>();
  const byFrame = new Map<string, FramedSchema>();
  for (const document of documents) {
    const { schema, names, prefix } = parsed(document);
    const framed = { frame: singleObjectFingerprint(prefix) as string, prefix, schema };
    byFrame.set(framed.frame, framed);
    for (const name of names) current.set(name, framed);
  }
  return {
    current: (spec) => current.get(spec.type) ?? unknownType(spec),
    frameOf: singleObjectFingerprint,
    find: async (frame) => byFrame.get(frame) ?? null,
  };
}

function parsed(document: SchemaDocument): { schema: Schema; names: string[]; prefix: Uint8Array } {
  let schema: Schema;
  try {
    schema = JSON.parse(document.text) as Schema;
  } catch {
    throw new SerdeError('SCHEMA_INVALID', `Schema ${document.name} is not JSON.`);
  }
  const type = parseAvroSchema(schema);
  if (type.typeName !== 'record' || type.name === undefined) {
    throw new SerdeError('SCHEMA_INVALID', `Schema ${document.name} must be a record with a name.`);
  }
  const shortName = type.name.slice(type.name.lastIndexOf('.') + 1);
  return { schema, names: [...new Set([type.name, shortName])], prefix: singleObjectPrefix(type) };
}

function unknownType(spec: EventSpec): never {
  throw new SerdeError(
    'SCHEMA_UNKNOWN',
    `There is no Avro schema for event type ${spec.type}: add an .avsc file whose record has that name.`,
  );
}
