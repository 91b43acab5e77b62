import { BrokerError } from '../errors.js';
import { brokerDefinitions, namesWithoutEffect, type BrokerConfigDefinition } from './broker-definitions.js';
import { checkValue, wholeNumber } from './definition.js';

/** Where a value comes from, under Kafka's numbers (DescribeConfigsResponse.ConfigSource). */
export const ConfigSource = {
  dynamicTopic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
} as const;

/** A value with where it was set. */
export interface SourcedValue {
  readonly name: string;
  readonly value: string;
  readonly source: number;
}

const byName = new Map(brokerDefinitions.map((definition) => [definition.name, definition]));

export function brokerDefinition(name: string): BrokerConfigDefinition | undefined {
  return byName.get(name);
}

/** Checks one broker setting; `null` when Kafka knows the name and it has nothing to act on here. */
export function checkBrokerValue(name: string, value: string): string | null {
  const definition = byName.get(name);
  if (definition !== undefined)
    return checkValue({ ...definition, defaultValue: definition.defaultValue ?? '' }, value);
  if (namesWithoutEffect.some((pattern) => pattern.test(name))) return null;
  throw new BrokerError(
    'CONFIG_INVALID',
    `Unknown configuration ${name}: this broker takes Kafka's broker settings by their Kafka names`,
  );
}

/** The broker's settings: what was given at start, what was changed since, and the defaults. */
export class BrokerConfig {
  readonly #given = new Map<string, string>();
  #dynamic: { readonly cluster: ReadonlyMap<string, string>; readonly broker: ReadonlyMap<string, string> } =
    {
      cluster: new Map(),
      broker: new Map(),
    };
  /** Names that were given and have no effect here. */
  readonly ignored: readonly string[];

  /** Throws `CONFIG_INVALID` for an unknown name and for a value out of its range. */
  constructor(given: Readonly<Record<string, string>> = {}) {
    const ignored: string[] = [];
    for (const [name, raw] of Object.entries(given)) {
      const value = checkBrokerValue(name, raw);
      if (value === null) ignored.push(name);
      else this.#given.set(name, value);
    }
    this.ignored = ignored;
    if (this.number('group.min.session.timeout.ms') > this.number('group.max.session.timeout.ms')) {
      throw new BrokerError(
        'CONFIG_INVALID',
        'group.min.session.timeout.ms is larger than group.max.session.timeout.ms: no session would be allowed',
      );
    }
  }

  /** Replaces the values changed while running: cluster-wide ones and this broker's own. */
  setDynamic(cluster: ReadonlyMap<string, string>, broker: ReadonlyMap<string, string>): void {
    this.#dynamic = { cluster, broker };
  }

  /** Every place that holds a value for the name, the one in force first. */
  layers(name: string): readonly SourcedValue[] {
    const found: SourcedValue[] = [];
    const add = (value: string | null | undefined, source: number): void => {
      if (value !== undefined && value !== null) found.push({ name, value, source });
    };
    add(this.#dynamic.broker.get(name), ConfigSource.dynamicBroker);
    add(this.#dynamic.cluster.get(name), ConfigSource.dynamicDefaultBroker);
    add(this.#given.get(name), ConfigSource.staticBroker);
    add(byName.get(name)?.defaultValue, ConfigSource.default);
    return found;
  }

  /** The value in force, or null when nothing sets it. */
  value(name: string): string | null {
    if (!byName.has(name)) throw new BrokerError('CONFIG_INVALID', `Unknown configuration ${name}`);
    return this.layers(name)[0]?.value ?? null;
  }

  /** The value of a whole number with a default. */
  number(name: string): number {
    return wholeNumber(this.value(name) ?? 'NaN');
  }

  flag(name: string): boolean {
    return this.value(name) === 'true';
  }
}
