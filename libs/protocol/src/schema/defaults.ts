import type { FieldSpec } from './field.js';

const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * Makes a field's value when nobody gave one, as Kafka's generator sets it: the table's, else the zero of the type. Arrays,
 * bytes and structs are made anew at each call.
 */
export function defaultMaker(field: FieldSpec): () => unknown {
  if (field.options.default === undefined) {
    if (field.kind === 'array') return () => [];
    if (field.kind === 'bytes') return () => new Uint8Array(0);
    if (field.kind === 'struct') {
      return structMaker(Object.entries(field.fields ?? {}).map(([name, spec]) => ({ name, spec })));
    }
  }
  const value = plainDefault(field);
  return () => value;
}

/** Makes structs of these fields' defaults. All are copies of one template and share a shape; what is an object is made anew. */
export function structMaker(
  fields: readonly { readonly name: string; readonly spec: FieldSpec | null }[],
): () => Record<string, unknown> {
  const template: Record<string, unknown> = {};
  const fresh: { readonly name: string; readonly make: () => unknown }[] = [];
  for (const { name, spec } of fields) {
    const make = spec === null ? () => undefined : defaultMaker(spec);
    const value = make();
    const isObject = typeof value === 'object' && value !== null;
    template[name] = isObject ? undefined : value;
    if (isObject) fresh.push({ name, make });
  }
  if (fresh.length === 0) return () => ({ ...template });
  return () => {
    const value = { ...template };
    for (const { name, make } of fresh) value[name] = make();
    return value;
  };
}

/** The default of a field whose values cannot be changed. */
function plainDefault(field: FieldSpec): unknown {
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
    case 'records':
      return null;
    default:
      return 0;
  }
}

/** Tests whether a tagged field goes unsent, and whether a field may be missing from a version without a loss. */
export function defaultTest(field: FieldSpec): (value: unknown) => boolean {
  if (field.options.default === undefined) {
    if (field.kind === 'array') {
      return (value) => value === undefined || (Array.isArray(value) && value.length === 0);
    }
    if (field.kind === 'bytes') {
      return (value) => value === undefined || (value instanceof Uint8Array && value.length === 0);
    }
    if (field.kind === 'struct') return structTest(field);
  }
  const plain = plainDefault(field);
  return (value) => value === undefined || value === plain;
}

function structTest(field: FieldSpec): (value: unknown) => boolean {
  const tests = Object.entries(field.fields ?? {}).map(([name, spec]) => ({ name, test: defaultTest(spec) }));
  return (value) => {
    if (value === undefined) return true;
    if (typeof value !== 'object' || value === null) return false;
    const struct = value as Readonly<Record<string, unknown>>;
    if (struct['unknownTags'] !== undefined) return false;
    for (const { name, test } of tests) if (!test(struct[name])) return false;
    return true;
  };
}
