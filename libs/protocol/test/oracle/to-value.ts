import type { FieldSpec, Fields } from '../../src/schema/field.js';
import type { JsonObject, JsonValue } from './random-message.js';

/** Kafka's JSON as the value that our encoder takes: int64 from digits, bytes from base64. Fields that the table lacks fail. */
export function toValue(fields: Fields, json: JsonObject): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([name, item]) => {
      const spec = fields[name];
      if (spec === undefined) throw new Error(`the field table has no "${name}"`);
      return [name, convert(spec, item)];
    }),
  );
}

function convert(spec: FieldSpec, item: JsonValue): unknown {
  if (item === null) return null;
  if (Array.isArray(item)) {
    const element = spec.element;
    if (element === undefined) throw new Error(`the field table has a ${spec.kind} where Kafka has an array`);
    return item.map((inner) => convert(element, inner));
  }
  switch (spec.kind) {
    case 'struct':
      return toValue(spec.fields ?? {}, item as JsonObject);
    case 'int64':
      return BigInt(item as string | number);
    case 'bytes':
    case 'records':
      return new Uint8Array(Buffer.from(item as string, 'base64'));
    default:
      return item;
  }
}

/** The decoded value without the fields that `json` does not name: those of other versions. */
export function restrict(decoded: unknown, json: JsonValue): unknown {
  if (Array.isArray(decoded) && Array.isArray(json)) {
    return decoded.map((item, index) => restrict(item, json[index] ?? null));
  }
  if (decoded instanceof Uint8Array) return new Uint8Array(decoded);
  if (typeof decoded !== 'object' || decoded === null || typeof json !== 'object' || json === null)
    return decoded;
  const object = json as JsonObject;
  return Object.fromEntries(
    Object.entries(decoded)
      .filter(([name]) => name in object)
      .map(([name, item]) => [name, restrict(item, object[name] ?? null)]),
  );
}
