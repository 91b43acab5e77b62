import type { ConfigDefinition } from '../../src/config/definition.js';

const limits = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/**
 * Values at the edges of a setting's type and rule, good and bad: lowest, highest, one beyond each, of another type, empty, blank.
 * The rule is read from the text that Kafka's ConfigDef prints for it, which config-tables.kafka.ts holds ours equal to.
 */
export function edgesOf(definition: ConfigDefinition): readonly string[] {
  const { type, check, defaultValue } = definition;
  const always = ['', ' ', 'x', ...(defaultValue === null ? [] : [defaultValue, ` ${defaultValue} `])];
  return [...new Set([...always, ...edges(type, check?.rule ?? '')])];
}

function edges(type: ConfigDefinition['type'], rule: string): readonly string[] {
  switch (type) {
    case 'boolean':
      return ['true', 'TRUE', 'false', '1', 'yes'];
    case 'double':
      return ['-0.1', '0', '0.5', '1', '1.1', '1e9', 'NaN'];
    case 'short':
    case 'int':
    case 'long':
      return wholeNumbers(limits[type], rule);
    default:
      return words(rule);
  }
}

function wholeNumbers([lowest, highest]: readonly [bigint, bigint], rule: string): readonly string[] {
  const bounds = [...rule.matchAll(/-?\d+/g)].map(([text]) => BigInt(text));
  const about = [0n, lowest, highest, ...bounds];
  const near = about.flatMap((bound) => [bound - 1n, bound, bound + 1n]);
  return [...near.map(String), '1.5', '1e3', '+7', '0x10', '1 000'];
}

/** Every word of a rule that names its words, each in the wrong case, two together, one twice. */
function words(rule: string): readonly string[] {
  const allowed = /\[([\w., -]+)\]$/.exec(rule)?.[1]?.split(', ') ?? [];
  const [first = 'a', second = 'b'] = allowed;
  const swapped = (word: string): string =>
    word === word.toUpperCase() ? word.toLowerCase() : word.toUpperCase();
  return [...allowed, swapped(first), `${first},${second}`, `${first},${first}`, `${first},`, 'a:b', '*'];
}
