import avro from 'avsc';
import type { Schema, Type } from 'avsc';
import { SerdeError } from '../errors.js';

export const ENCRYPTED_LOGICAL_TYPE = 'oubliette-encrypted';

/**
 * Options to parse schemas with. Avro lets a reader fall back to the underlying type where a logical type is malformed;
 * that would be a personal field in clear, so here it is refused. Unknown logical types of others are still let pass.
 */
export function encryptedTypeOptions(): {
  logicalTypes: { [ENCRYPTED_LOGICAL_TYPE]: typeof EncryptedType };
  assertLogicalTypes: true;
} {
  return { logicalTypes: { [ENCRYPTED_LOGICAL_TYPE]: EncryptedType }, assertLogicalTypes: true };
}

/** An envelope where an encrypted field stands. Anything else in its place is refused when writing. */
export class SealedBytes {
  constructor(readonly bytes: Buffer) {}
}

/**
 * `{ "type": "bytes", "logicalType": "oubliette-encrypted", "of": <schema of the value inside> }`. A reader that does not
 * know the logical type sees bytes. `of` is a schema of its own: it cannot name types of the schema around it. With
 * `"purpose": NAME` it says what the field is kept for, which must be what the event declares.
 */
export class EncryptedType extends avro.types.LogicalType {
  readonly of: Type;
  /** null: the schema does not say. */
  readonly purpose: string | null;
  readonly #ofSchema: Schema;

  constructor(schema: Schema, options?: unknown) {
    super(schema, options);
    const { type, of, purpose } = schema as { type?: unknown; of?: Schema; purpose?: unknown };
    if (type !== 'bytes' || of === undefined) {
      throw new SerdeError(
        'SCHEMA_INVALID',
        `A schema with logical type ${ENCRYPTED_LOGICAL_TYPE} must have "type": "bytes" and "of": the value's own schema.`,
      );
    }
    if (purpose !== undefined && typeof purpose !== 'string') {
      throw new SerdeError(
        'SCHEMA_INVALID',
        `The purpose of a schema with logical type ${ENCRYPTED_LOGICAL_TYPE} must be a text: its name.`,
      );
    }
    this.purpose = purpose ?? null;
    this.#ofSchema = of;
    this.of = avro.Type.forSchema(of);
  }

  protected override _fromValue(bytes: Buffer): SealedBytes {
    return new SealedBytes(bytes);
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    return value instanceof SealedBytes ? value.bytes : undefined;
  }

  /** Only another encrypted field resolves to an encrypted field: bytes in clear never do. */
  protected override _resolve(writer: Type): ((value: SealedBytes) => SealedBytes) | undefined {
    return writer instanceof EncryptedType ? (value) => value : undefined;
  }

  protected override _export(attributes: Schema): void {
    const purpose = this.purpose === null ? {} : { purpose: this.purpose };
    Object.assign(attributes as object, { of: this.#ofSchema, ...purpose });
  }
}
