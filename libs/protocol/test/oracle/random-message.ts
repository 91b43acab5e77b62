import type { KafkaField, KafkaMessage } from './kafka-schema.js';

/** A message in Kafka's JSON, with int64 as strings of digits and bytes as base64. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

export interface FillOptions {
  /** Elements of each array. */
  readonly elements: number;
  /** The share of nullable fields that are null, 0 to 1. */
  readonly nulls: number;
  /** What stands in a `records` field. */
  readonly records: Uint8Array;
}

/** A seeded generator of numbers in [0, 1), mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A message of this version with a seeded value in each of its fields, as its definition in Kafka's jar says. */
export function fillMessage(
  message: KafkaMessage,
  version: number,
  random: () => number,
  options: FillOptions,
): JsonObject {
  const structs = new Map(message.commonStructs?.map(({ name, fields }) => [name, fields]));

  const struct = (fields: readonly KafkaField[]): JsonObject => {
    const filled: JsonObject = {};
    for (const field of fields) {
      if (!includes(field.versions ?? field.taggedVersions ?? '', version)) continue;
      const nullable = field.nullableVersions !== undefined && includes(field.nullableVersions, version);
      const name = field.name.charAt(0).toLowerCase() + field.name.slice(1);
      filled[name] = nullable && random() < options.nulls ? null : value(field);
    }
    return filled;
  };
  const value = (field: KafkaField): JsonValue => {
    if (!field.type.startsWith('[]')) return single(field.type, field);
    return Array.from({ length: options.elements }, () => single(field.type.slice(2), field));
  };
  const single = (type: string, field: KafkaField): JsonValue => {
    const fields = field.fields ?? structs.get(type);
    return fields === undefined ? scalar(type, random, options.records) : struct(fields);
  };
  return struct(message.fields);
}

function scalar(type: string, random: () => number, records: Uint8Array): JsonValue {
  const bits = (count: number): number => Math.floor(random() * 2 ** count);
  const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => bits(8)));
  switch (type) {
    case 'bool':
      return random() < 0.5;
    case 'int8':
      return bits(8) - 0x80;
    case 'int16':
      return bits(16) - 0x8000;
    case 'uint16':
      return bits(16);
    case 'int32':
      return bits(32) - 0x80000000;
    case 'int64':
      return bytes(8).readBigInt64BE().toString();
    case 'float64':
      return (bits(30) - 2 ** 29) / 1024;
    case 'uuid':
      return bytes(16).toString('base64url');
    case 'string':
      return text(bits, random);
    case 'bytes':
      return bytes(bits(5)).toString('base64');
    case 'records':
      return Buffer.from(records).toString('base64');
    default:
      throw new Error(`Kafka's definitions have a type "${type}" that this generator does not know`);
  }
}

/** Mostly short, at times beyond one byte of length, at times beyond ASCII. */
function text(bits: (count: number) => number, random: () => number): string {
  const length = random() < 0.1 ? 120 + bits(4) : 1 + bits(3);
  const alphabet = random() < 0.2 ? 'aé漢😀' : 'abcdefghijklmnop';
  const letters = [...alphabet];
  return Array.from({ length }, () => letters[bits(10) % letters.length] ?? 'a').join('');
}

function includes(range: string, version: number): boolean {
  const [low = '', high] = range.replace('+', '-').split('-');
  if (version < Number(low)) return false;
  return high === '' || version <= Number(high ?? low);
}

/** The text that Kafka's JSON reader takes: int64 as numbers. `fields` tells which strings they are. */
export function toKafkaJson(message: KafkaMessage, value: JsonObject): string {
  const structs = new Map(message.commonStructs?.map(({ name, fields }) => [name, fields]));
  const write = (fields: readonly KafkaField[], object: JsonObject): string => {
    const byName = new Map(fields.map((field) => [field.name.toLowerCase(), field]));
    const members = Object.entries(object).map(([name, item]) => {
      const field = byName.get(name.toLowerCase());
      if (field === undefined) throw new Error(`${message.name} has no field ${name}`);
      return `${JSON.stringify(name)}:${one(field, field.type, item)}`;
    });
    return `{${members.join(',')}}`;
  };
  const one = (field: KafkaField, type: string, item: JsonValue | undefined): string => {
    if (Array.isArray(item)) return `[${item.map((inner) => one(field, type.slice(2), inner)).join(',')}]`;
    if (type.replace('[]', '') === 'int64' && typeof item === 'string') return item;
    const fields = field.fields ?? structs.get(type);
    if (fields !== undefined && typeof item === 'object' && item !== null) return write(fields, item);
    return JSON.stringify(item);
  };
  return write(message.fields, value);
}
