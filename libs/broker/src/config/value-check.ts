/** A value that was read from its text by its type. */
export type ParsedValue = boolean | number | bigint | string | readonly string[] | null;

/** What a configuration value must keep to beside its type: one of Kafka's ConfigDef validators. */
export interface ValueCheck {
  /** The rule as ConfigDef prints it, such as `[1,...]`. */
  readonly rule: string;
  /** Why the value is refused, in Kafka's words, or null. `shown`: what stands in the message in place of the value. */
  refuse(value: ParsedValue, name: string): { readonly why: string; readonly shown?: string } | null;
}

const numberOf = (value: ParsedValue): number =>
  typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : Number.NaN;

/** ConfigDef.Range.atLeast: compared as doubles, as Kafka does. */
export function atLeast(min: number): ValueCheck {
  return {
    rule: `[${min},...]`,
    refuse: (value) => (numberOf(value) < min ? { why: `Value must be at least ${min}` } : null),
  };
}

/** ConfigDef.Range.between, both ends included. */
export function between(min: number, max: number): ValueCheck {
  return {
    rule: `[${min},...,${max}]`,
    refuse: (value) =>
      numberOf(value) < min
        ? { why: `Value must be at least ${min}` }
        : numberOf(value) > max
          ? { why: `Value must be no more than ${max}` }
          : null,
  };
}

/** ConfigDef.ValidString, and ValidList over every entry of a list. */
export function oneOf(...allowed: readonly string[]): ValueCheck {
  return {
    rule: `[${allowed.join(', ')}]`,
    refuse(value) {
      const entries = typeof value === 'string' ? [value] : Array.isArray(value) ? (value as string[]) : [];
      const foreign = entries.find((entry) => !allowed.includes(entry));
      if (foreign === undefined) return null;
      return { why: `String must be one of: ${allowed.join(', ')}`, shown: foreign };
    },
  };
}

/** ConfigDef.CaseInsensitiveValidString. */
export function oneOfAnyCase(...allowed: readonly string[]): ValueCheck {
  return {
    rule: `(case insensitive) [${allowed.join(', ')}]`,
    refuse: (value) =>
      typeof value === 'string' && allowed.includes(value.toUpperCase())
        ? null
        : { why: `String must be one of (case insensitive): ${allowed.join(', ')}` },
  };
}

/** CompressionType.GZIP's levels: 1 to 9, or -1 for zlib's own default. */
export const gzipLevel: ValueCheck = {
  rule: '[1,...,9] or -1',
  refuse: (value) =>
    value === -1 || (numberOf(value) >= 1 && numberOf(value) <= 9)
      ? null
      : { why: 'Value must be between 1 and 9 or equal to -1' },
};

/** ThrottledReplicaListValidator: `*`, nothing, or partition:broker pairs. */
export const throttledReplicas: ValueCheck = {
  rule: '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
  refuse(value, name) {
    const entries = Array.isArray(value) ? (value as string[]) : [];
    if (entries.join('') === '*' || entries.every((entry) => /^(\d+:\d+)?$/.test(entry))) return null;
    const form = '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
    return {
      why: `${name} must be the literal '*' or a list of replicas in the following format: ${form}`,
      shown: `[${entries.join(', ')}]`,
    };
  },
};

/** ConfigDef.NonEmptyString; nothing set is allowed. */
export const nonEmptyString: ValueCheck = {
  rule: 'non-empty string',
  refuse: (value) => (value === '' ? { why: 'String must be non-empty' } : null),
};

/** A rule that is only named: the setting has nothing to act on here, and its values are not looked into. */
export function named(rule: string): ValueCheck {
  return { rule, refuse: () => null };
}

const duration = /^[+-]?P(?=.)([+-]?\d+D)?(T(?=.)([+-]?\d+H)?([+-]?\d+M)?([+-]?\d+([.,]\d{0,9})?S)?)?$/i;

/** ShareGroupAutoOffsetResetStrategy.Validator. */
export const shareOffsetReset: ValueCheck = {
  rule: '[latest, earliest, by_duration:PnDTnHnMn.nS]',
  refuse(value, name) {
    const text = typeof value === 'string' ? value : '';
    const [, ago] = /^by_duration:(.*)$/.exec(text) ?? [];
    if (
      text === 'latest' ||
      text === 'earliest' ||
      (ago !== undefined && duration.test(ago) && !ago.includes('-'))
    ) {
      return null;
    }
    const form =
      "The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.";
    return { why: `Invalid value \`${text}\` for configuration ${name}. ${form}` };
  },
};
