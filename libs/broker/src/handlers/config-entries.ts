import {
  baseName,
  brokerSynonyms,
  type BrokerConfig,
  ConfigSource,
  type SourcedValue,
} from '../config/broker-config.js';
import { brokerDefinition } from '../config/broker-config.js';
import { brokerDefinitions } from '../config/broker-definitions.js';
import { checkValue, type ConfigDefinition, type ConfigType } from '../config/definition.js';
import { clientMetricsDefinitions, groupDefinitions } from '../config/group-definitions.js';
import { type Settings, valueOf } from '../config/resource-checks.js';
import { topicDefinitions } from '../config/topic-definitions.js';
import { topicValue, type TopicOverrides } from '../config/topic-config.js';

/** One setting as DescribeConfigs and CreateTopics answer it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly source: number;
  }[];
  readonly configType: number;
  readonly documentation: string | null;
}

/** DescribeConfigsResponse.ConfigType; 0 for a name that Kafka does not know. */
const typeNumbers: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
};

/** From the synonym of this very name on: what only other names hold is not shown (ConfigHelper.configSynonyms). */
function shownLayers(name: string, layers: readonly SourcedValue[]): readonly SourcedValue[] {
  const first = layers.findIndex((layer) => layer.name === name);
  return first < 0 ? [] : layers.slice(first);
}

function entry(
  definition: ConfigDefinition,
  value: string | null,
  synonyms: ConfigEntry['synonyms'],
  readOnly = false,
): ConfigEntry {
  const isSensitive = definition.type === 'password';
  return {
    name: definition.name,
    value: isSensitive ? null : value,
    readOnly,
    configSource: synonyms[0]?.source ?? ConfigSource.default,
    isSensitive,
    synonyms: isSensitive ? synonyms.map((synonym) => ({ ...synonym, value: null })) : synonyms,
    configType: typeNumbers[definition.type],
    documentation: definition.about,
  };
}

/** What Kafka keeps to itself is shown where somebody has set it. */
export function describeTopicConfigs(overrides: TopicOverrides, broker: BrokerConfig): ConfigEntry[] {
  return topicDefinitions
    .filter(({ name, internal }) => !internal || overrides[name] !== undefined)
    .map((definition) => {
      const { name, synonyms } = definition;
      const { value } = topicValue(definition, overrides, broker);
      const first = synonyms[0];
      const layers = first === undefined ? [] : shownLayers(first, broker.layers(...brokerSynonyms(first)));
      const own = overrides[name] === undefined ? [] : [{ name, value, source: ConfigSource.dynamicTopic }];
      return entry(definition, value, [...own, ...layers]);
    });
}

export function describeBrokerConfigs(broker: BrokerConfig): ConfigEntry[] {
  const isSet = (name: string): boolean =>
    broker.layers(name).some(({ source }) => source !== ConfigSource.default);
  const known = brokerDefinitions
    .filter(({ name, internal }) => !internal || isSet(name))
    .map((definition) => {
      const { name, update } = definition;
      const layers = broker.layers(...brokerSynonyms(name));
      // The name's own value; another unit of the same setting that was changed while running hides it.
      const raw = broker.layers(name)[0]?.value;
      const value = raw === undefined ? null : checkValue(definition, raw);
      return entry(definition, value, shownLayers(name, layers), update === 'read-only');
    });
  return [...known, ...broker.extraNames.map((name) => describeForeign(name, broker.layers(name)))];
}

/** What was set for all brokers while running, and only that. */
export function describeClusterConfigs(broker: BrokerConfig): ConfigEntry[] {
  return broker.clusterNames.map((name) => {
    const layers = broker.layers(name).filter(({ source }) => source === ConfigSource.dynamicDefaultBroker);
    const definition = brokerDefinition(name);
    if (definition === undefined) return describeForeign(name, layers);
    return entry(definition, layers[0]?.value ?? null, layers, definition.update === 'read-only');
  });
}

/** A name that Kafka does not know may hold anything, a password too: its value is never shown. */
function describeForeign(name: string, layers: readonly SourcedValue[]): ConfigEntry {
  const definition = brokerDefinition(baseName(name));
  if (definition !== undefined) {
    return entry({ ...definition, name }, layers[0]?.value ?? null, layers, true);
  }
  return {
    name,
    value: null,
    readOnly: true,
    configSource: layers[0]?.source ?? ConfigSource.default,
    isSensitive: true,
    synonyms: layers.map((layer) => ({ ...layer, value: null })),
    configType: 0,
    documentation: null,
  };
}

export function describeGroupConfigs(own: Settings, broker: BrokerConfig): ConfigEntry[] {
  return groupDefinitions.map((definition) => {
    const { name } = definition;
    const isOwn = own[name] !== undefined;
    const fromBroker = brokerDefinition(`group.${name}`) === undefined ? null : broker.value(`group.${name}`);
    const value = isOwn ? valueOf(definition, own) : (fromBroker ?? definition.defaultValue);
    const source = isOwn ? ConfigSource.group : ConfigSource.default;
    return entry(definition, value, [{ name, value, source }]);
  });
}

export function describeClientMetricsConfigs(own: Settings): ConfigEntry[] {
  return clientMetricsDefinitions.map((definition) => {
    const { name } = definition;
    const value = valueOf(definition, own);
    const isOwn = own[name] !== undefined;
    return entry(definition, value, isOwn ? [{ name, value, source: ConfigSource.clientMetrics }] : []);
  });
}
