import { BrokerError } from '../errors.js';

const overridesName = 'max.connections.per.ip.overrides';

/** Settings that can be asked for what is in force. */
interface Settings {
  value(name: string): string | null;
  number(name: string): number;
}

/**
 * The bounds on connections of one address agree (KafkaConfig.validateValues): zero only beside overrides, and these are `address:count`
 * pairs (Csv.parseCsvMap). Throws `CONFIG_INVALID`.
 */
export function checkConnectionLimits(perAddress: number, overrides: string): void {
  const refuse = (text: string): never => {
    throw new BrokerError('CONFIG_INVALID', text);
  };
  const entries = overrides.trim() === '' ? [] : overrides.trim().split(/\s*,\s*/);
  while (entries.at(-1) === '') entries.pop();
  if (perAddress === 0 && entries.length === 0) {
    refuse(
      `requirement failed: max.connections.per.ip can be set to zero only if ${overridesName} property is set.`,
    );
  }
  for (const entry of entries) {
    const colon = entry.lastIndexOf(':');
    if (colon < 0) {
      refuse(
        `Error parsing configuration property '${overridesName}': begin 0, end -1, length ${entry.length}`,
      );
    }
    const count = entry.slice(colon + 1).trim();
    if (!/^[+-]?\d{1,10}$/.test(count)) refuse(`For input string: "${count}"`);
  }
}

/** How many connections of an address are taken: what the overrides say of it, else max.connections.per.ip (ConnectionQuotas). */
export function connectionsAllowed(config: Settings, address: string): number {
  for (const entry of (config.value(overridesName) ?? '').split(',')) {
    const colon = entry.lastIndexOf(':');
    if (colon > 0 && entry.slice(0, colon).trim() === address) return Number(entry.slice(colon + 1));
  }
  return config.number('max.connections.per.ip');
}
