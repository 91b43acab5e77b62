import { BrokerError } from '../errors.js';
import type { ParsedValue, ValueCheck } from './value-check.js';

/** Kafka's configuration types (org.apache.kafka.common.config.ConfigDef.Type). */
export type ConfigType =
  'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';

/** One configuration name: what it may hold and what it holds when nobody set it. Values travel as Kafka's strings. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: ConfigType;
  /** Kafka's own default; null: unset until somebody sets it. */
  readonly defaultValue: string | null;
  readonly check?: ValueCheck;
  /** What it does, for a client that asks for documentation. */
  readonly about: string;
  /** False: Kafka knows it and it has nothing to act on in this broker; it is kept, shown, and changes nothing. */
  readonly hasEffect: boolean;
}

const bounds = {
  short: [-0x8000n, 0x7fffn],
  int: [-0x80000000n, 0x7fffffffn],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;
const whole = /^[+-]?\d{1,64}$/;
const decimal = /^[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?[dDfF]?|NaN|Infinity)$/;
/** Classes of Kafka's own; others would be plug-ins, and none can be loaded here. */
const ownClass = /^(org\.apache\.kafka|kafka)\./;

/**
 * Reads a value by its type and rule (ConfigDef.parseType and the validators); returns the text as Kafka shows it: blanks
 * around it dropped, numbers and booleans in Java's form. Throws `CONFIG_INVALID` in Kafka's words.
 */
export function checkValue(definition: ConfigDefinition, raw: string): string {
  const { name, type, check } = definition;
  const refuse = (why: string, shown = raw): never => {
    // A password never stands in a message.
    const value = type === 'password' ? '[hidden]' : shown;
    throw new BrokerError('CONFIG_INVALID', `Invalid value ${value} for configuration ${name}: ${why}`);
  };
  const parsed = parse(type, raw, refuse);
  const refusal = check?.refuse(parsed, name) ?? null;
  if (refusal !== null) refuse(refusal.why, refusal.shown ?? formatValue(type, parsed));
  return formatValue(type, parsed);
}

function parse(type: ConfigType, raw: string, refuse: (why: string) => never): ParsedValue {
  const text = raw.trim();
  switch (type) {
    case 'boolean':
      if (!/^(true|false)$/i.test(text)) refuse('Expected value to be either true or false');
      return text.toLowerCase() === 'true';
    case 'short':
    case 'int':
    case 'long': {
      const [min, max] = bounds[type];
      const value = whole.test(text) ? BigInt(text.replace(/^\+/, '')) : max + 1n;
      if (value < min || value > max) refuse(`Not a number of type ${type.toUpperCase()}`);
      return type === 'long' ? value : Number(value);
    }
    case 'double':
      if (!decimal.test(text)) refuse('Not a number of type DOUBLE');
      return Number(text.replace(/[dDfF]$/, ''));
    case 'list':
      return text === '' ? [] : text.split(/\s*,\s*/);
    case 'class':
      if (!ownClass.test(text)) refuse(`Class ${raw} could not be found.`);
      return text;
    case 'string':
    case 'password':
      return text;
  }
}

/** ConfigDef.convertToString. */
function formatValue(type: ConfigType, value: ParsedValue): string {
  if (Array.isArray(value)) return value.join(',');
  return type === 'double' && typeof value === 'number' ? javaDouble(value) : String(value);
}

/** java.lang.Double.toString. */
function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size < 1e7 && Number.isInteger(value)) return value.toFixed(1);
  if (size >= 1e-3 && size < 1e7) return String(value);
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
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
