import { BrokerError } from '../errors.js';

/** Kafka's configuration types (org.apache.kafka.common.config.ConfigDef.Type) as far as they are used here. */
export type ConfigType = 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list';

/** One configuration name: what it may hold and what it holds when nobody set it. Values travel as Kafka's strings. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  readonly defaultValue: string;
  /** Smallest and largest number allowed. */
  readonly min?: number;
  readonly max?: number;
  /** Values allowed; in a list, of each entry. */
  readonly oneOf?: readonly string[];
  /** Only this one value is served here; the text says why. */
  readonly onlyDefault?: string;
}

const longMax = 2n ** 63n - 1n;
const integer = /^[+-]?\d{1,19}$/;
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

/** Returns the value as it is stored and shown; throws `CONFIG_INVALID` when the definition refuses it. */
export function checkValue(definition: ConfigDefinition, raw: string): string {
  const value = raw.trim();
  const refuse = (why: string): never => {
    throw new BrokerError(
      'CONFIG_INVALID',
      `Invalid value '${value}' for configuration ${definition.name}: ${why}`,
    );
  };
  switch (definition.type) {
    case 'boolean':
      if (!/^(true|false)$/i.test(value)) refuse('it must be true or false');
      break;
    case 'int':
    case 'long':
      checkWhole(definition, value, refuse);
      break;
    case 'double':
      if (!decimal.test(value)) refuse('it must be a number');
      checkRange(definition, Number(value), refuse);
      break;
    case 'list':
      for (const entry of listEntries(value)) checkOneOf(definition, entry, refuse);
      if (definition.oneOf !== undefined && listEntries(value).length === 0) refuse('it must not be empty');
      break;
    case 'string':
      checkOneOf(definition, value, refuse);
      break;
  }
  if (definition.onlyDefault !== undefined && value !== definition.defaultValue)
    refuse(definition.onlyDefault);
  return definition.type === 'boolean' ? value.toLowerCase() : value;
}

function checkWhole(definition: ConfigDefinition, value: string, refuse: (why: string) => never): void {
  if (!integer.test(value)) refuse('it must be a whole number');
  const exact = BigInt(value);
  if (exact > longMax || exact < -longMax - 1n) refuse('it does not fit 64 bits');
  if (definition.type === 'int' && (exact > 0x7fffffffn || exact < -0x80000000n))
    refuse('it does not fit 32 bits');
  checkRange(definition, Number(exact), refuse);
}

function checkRange(definition: ConfigDefinition, value: number, refuse: (why: string) => never): void {
  if (definition.min !== undefined && value < definition.min) refuse(`it must be at least ${definition.min}`);
  if (definition.max !== undefined && value > definition.max) refuse(`it must be at most ${definition.max}`);
}

function checkOneOf(definition: ConfigDefinition, value: string, refuse: (why: string) => never): void {
  if (definition.oneOf !== undefined && !definition.oneOf.includes(value)) {
    refuse(`it must be one of ${definition.oneOf.join(', ')}`);
  }
}

/** The entries of a list value, blanks dropped. */
export function listEntries(value: string): readonly string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A checked whole number as a JavaScript number; beyond 2^53 it stands at Number.MAX_SAFE_INTEGER ("for ever"). */
export function wholeNumber(value: string): number {
  const parsed = Number(value);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, parsed));
}
