import type { FieldSpec } from './field.js';

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * The value of a field that nobody gave, as Kafka's generator sets it: the table's, else the zero of the type. Arrays, bytes
 * and structs are made anew.
 */
export function defaultOf(field: FieldSpec): unknown {
  if (field.options.default !== undefined) return field.options.default;
  switch (field.kind) {
    case 'boolean':
      return false;
    case 'int64':
      return 0n;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
      return new Uint8Array(0);
    case 'records':
      return null;
    case 'array':
      return [];
    case 'struct':
      return defaultStruct(field);
    default:
      return 0;
  }
}

function defaultStruct(field: FieldSpec): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(field.fields ?? {}).map(([name, inner]) => [name, defaultOf(inner)]),
  );
}

/** Whether a tagged field goes unsent, and whether a field may be missing from a version without a loss. */
export function isDefault(field: FieldSpec, value: unknown): boolean {
  if (value === undefined) return true;
  if (field.options.default !== undefined) return value === field.options.default;
  if (field.kind === 'array') return Array.isArray(value) && value.length === 0;
  if (field.kind === 'bytes') return value instanceof Uint8Array && value.length === 0;
  if (field.kind !== 'struct') return value === defaultOf(field);
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map(Object.entries(value));
  if (entries.get('unknownTags') !== undefined) return false;
  return Object.entries(field.fields ?? {}).every(([name, inner]) => isDefault(inner, entries.get(name)));
}
