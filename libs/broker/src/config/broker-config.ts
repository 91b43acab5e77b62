import { BrokerError } from '../errors.js';
import { brokerDefinitions } from './broker-definitions.js';
import type { BrokerConfigDefinition } from './broker-definition.js';
import { bundledSettings } from './bundled-settings.js';
import { checkConnectionLimits } from './connection-limits.js';
import { checkValue, wholeNumber } from './definition.js';
import { listenerPrefix } from './listener-entry.js';
import { checkReconfiguration } from './reconfiguration.js';

/** Where a value comes from, under Kafka's numbers (DescribeConfigsResponse.ConfigSource). */
export const ConfigSource = {
  dynamicTopic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  dynamicBrokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const;

/** A value with where it was set. */
export interface SourcedValue {
  readonly name: string;
  readonly value: string;
  readonly source: number;
}

type Values = ReadonlyMap<string, string>;

const byName = new Map(brokerDefinitions.map((definition) => [definition.name, definition]));

/** Names that hold the same setting in several units, the first in force first (DynamicBrokerConfig.brokerConfigSynonyms). */
const units: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
];
const flush = ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'];
const ofListener = /^listener\.name\.[^.]*\.(.*)$/;

export function brokerDefinition(name: string): BrokerConfigDefinition | undefined {
  return byName.get(name);
}

/** Every name under which the setting may stand. */
export function brokerSynonyms(name: string): readonly string[] {
  if (name === flush[0]) return flush;
  const base = ofListener.exec(name)?.[1];
  if (base !== undefined) return [name, base];
  return units.find((group) => group.includes(name)) ?? [name];
}

/** The name without the prefix that limits it to one listener. */
export function baseName(name: string): string {
  return ofListener.exec(name)?.[1] ?? name;
}

/** What may be set for one listener and has an effect (SocketServer.ListenerReconfigurableConfigs). */
const servedOfListener = ['max.connections', 'max.connection.creation.rate'];

/** The broker's settings: what was changed while running, what was given at start, and the defaults. */
export class BrokerConfig {
  readonly #static = new Map<string, string>();
  readonly #defaults: Values = new Map(
    brokerDefinitions.flatMap(({ name, defaultValue }) =>
      defaultValue === null ? [] : [[name, defaultValue]],
    ),
  );
  readonly #noted = new Set<string>();
  #onChange: (() => void) | null = null;
  #dynamic: { readonly cluster: Values; readonly broker: Values } = { cluster: new Map(), broker: new Map() };
  /** Names that were given another value than the default and have no effect here. */
  readonly ignored: readonly string[];

  /** Throws `CONFIG_INVALID` for a name that Kafka does not know and for a value that it would refuse. */
  constructor(given: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries({ ...bundledSettings, ...nodeIdOf(given), ...given })) {
      const definition = byName.get(baseName(name));
      if (definition === undefined) {
        throw new BrokerError(
          'CONFIG_INVALID',
          `Unknown configuration ${name}: this broker takes Kafka's broker settings by their Kafka names`,
        );
      }
      checkValue({ ...definition, name }, value);
      this.#static.set(name, value);
    }
    this.#static.set('broker.id', this.#static.get('node.id') ?? '');
    // What asks for what is so anyway is no news.
    this.ignored = Object.entries(given)
      .filter(([name, value]) => !this.hasEffect(name) && byName.get(name)?.defaultValue !== value)
      .map(([name]) => name);
    for (const name of this.ignored) this.#noted.add(name);
    checkTogether(this);
  }

  /** Replaces the values changed while running: cluster-wide ones and this broker's own. */
  setDynamic(cluster: Values, broker: Values): void {
    this.#dynamic = { cluster, broker };
    this.#onChange?.();
  }

  /** `task` runs whenever settings were changed: one task, whose owner is the broker. */
  onChange(task: () => void): void {
    this.#onChange = task;
  }

  /** What the settings would be with other values changed while running. Throws `CONFIG_INVALID` where they contradict or may not change. */
  checkDynamic(cluster: Values, broker: Values): void {
    const tried = new BrokerConfig(Object.fromEntries(this.#static));
    tried.setDynamic(cluster, broker);
    checkTogether(tried);
    checkReconfiguration(this, tried);
  }

  /** Names that hold a value besides the known ones: those of one listener, and foreign ones. */
  get extraNames(): readonly string[] {
    const { broker, cluster } = this.#dynamic;
    const all = new Set([...broker.keys(), ...cluster.keys(), ...this.#static.keys()]);
    return [...all].filter((name) => !byName.has(name));
  }

  /** Names changed while running for all brokers. */
  get clusterNames(): readonly string[] {
    return [...this.#dynamic.cluster.keys()];
  }

  /** Every place that holds a value for one of the names, the one in force first: by place, then in the order of the names. */
  layers(...names: readonly string[]): readonly SourcedValue[] {
    const { broker, cluster } = this.#dynamic;
    const places: readonly (readonly [Values, number])[] = [
      [broker, ConfigSource.dynamicBroker],
      [cluster, ConfigSource.dynamicDefaultBroker],
      [this.#static, ConfigSource.staticBroker],
      [this.#defaults, ConfigSource.default],
    ];
    return places.flatMap(([values, source]) =>
      names.flatMap((name) => {
        const value = values.get(name);
        return value === undefined ? [] : [{ name, value, source }];
      }),
    );
  }

  /** The value in force as Kafka shows it, or null when nothing sets it. */
  value(name: string): string | null {
    const definition = byName.get(name);
    if (definition === undefined) throw new BrokerError('CONFIG_INVALID', `Unknown configuration ${name}`);
    const raw = this.layers(name)[0]?.value;
    return raw === undefined ? null : checkValue(definition, raw);
  }

  /** The value of a whole number with a default. */
  number(name: string): number {
    return wholeNumber(this.value(name) ?? 'NaN');
  }

  /** What is set for the client's listener, wherever it is, else the broker's (AbstractConfig.valuesWithPrefixOverride). */
  listenerNumber(name: string): number {
    const own = this.layers(`${listenerPrefix(this)}${name}`)[0]?.value;
    return own === undefined ? this.number(name) : wholeNumber(own);
  }

  /** Whether this broker acts on the setting; on few of those for one listener. */
  hasEffect(name: string): boolean {
    const base = baseName(name);
    if (base !== name) return servedOfListener.some((known) => name === `${listenerPrefix(this)}${known}`);
    return byName.get(name)?.hasEffect === true;
  }

  flag(name: string): boolean {
    return this.value(name) === 'true';
  }

  /** True the first time that a setting without effect is met: it is said once. */
  noteWithoutEffect(name: string): boolean {
    if (this.#noted.has(name)) return false;
    this.#noted.add(name);
    return true;
  }
}

/** A node may be numbered by the older name only (AbstractKafkaConfig.populateSynonyms). Throws `CONFIG_INVALID` where both contradict. */
function nodeIdOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const { 'broker.id': brokerId, 'node.id': nodeId = brokerId } = given;
  if (brokerId === undefined || nodeId === undefined) return {};
  if (Number(brokerId) !== Number(nodeId)) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `broker.id ${brokerId} and node.id ${nodeId} must be the same number`,
    );
  }
  return { 'node.id': nodeId };
}

/** What must agree between settings (KafkaConfig.validateValues, GroupCoordinatorConfig), as far as it has a meaning here. */
function checkTogether(config: BrokerConfig): void {
  const require = (isMet: boolean, text: string): void => {
    if (!isMet) throw new BrokerError('CONFIG_INVALID', text);
  };
  const first = (...names: readonly string[]): number => Number(config.layers(...names)[0]?.value ?? 0);
  require(first('log.roll.ms', 'log.roll.hours') >=
    1, 'requirement failed: log.roll.ms must be greater than or equal to 1');
  require(first('log.roll.jitter.ms', 'log.roll.jitter.hours') >=
    0, 'requirement failed: log.roll.jitter.ms must be greater than or equal to 0');
  // Zero of any unit is refused, and everything negative is for ever.
  require(first('log.retention.ms', 'log.retention.minutes', 'log.retention.hours') !==
    0, 'requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1');
  require(config.number('log.cleaner.threads') >= 1, 'log.cleaner.threads must be at least 1');
  require(config.number('log.cleaner.dedupe.buffer.size') / config.number('log.cleaner.threads') >
    1024 *
      1024, 'requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.');
  const codec = config.number('offsets.topic.compression.codec');
  require(codec >= 0 && codec <= 4, `Unknown compression type id: ${codec}`);
  require(config.number('group.min.session.timeout.ms') <=
    config.number(
      'group.max.session.timeout.ms',
    ), 'group.min.session.timeout.ms is larger than group.max.session.timeout.ms: no session would be allowed');
  checkConnectionLimits(
    config.number('max.connections.per.ip'),
    config.value('max.connections.per.ip.overrides') ?? '',
  );
}
