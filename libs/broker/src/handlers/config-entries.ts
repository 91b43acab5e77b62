import type { BrokerConfig } from '../config/broker-config.js';
import { ConfigSource, type SourcedValue } from '../config/broker-config.js';
import { brokerDefinitions } from '../config/broker-definitions.js';
import type { ConfigType } from '../config/definition.js';
import { topicDefinitions } from '../config/topic-definitions.js';
import { topicLayers, topicValue, type TopicOverrides } from '../config/topic-config.js';

/** Kinds of resource that settings belong to (org.apache.kafka.common.config.ConfigResource.Type). */
export const ResourceType = { topic: 2, broker: 4 } as const;

/** One setting as DescribeConfigs and CreateTopics answer it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: number }[];
  readonly configType: number;
  readonly documentation: null;
}

/** DescribeConfigsResponse.ConfigType. */
const typeNumbers: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
};

const synonymsOf = (layers: readonly SourcedValue[]): ConfigEntry['synonyms'] =>
  layers.map((layer) => ({ ...layer }));

export function describeTopicConfigs(overrides: TopicOverrides, broker: BrokerConfig): ConfigEntry[] {
  return topicDefinitions.map((definition) => {
    const { value, source } = topicValue(definition, overrides, broker);
    return {
      name: definition.name,
      value,
      readOnly: false,
      configSource: source,
      isSensitive: false,
      synonyms: synonymsOf(topicLayers(definition, overrides, broker)),
      configType: typeNumbers[definition.type],
      documentation: null,
    };
  });
}

export function describeBrokerConfigs(broker: BrokerConfig): ConfigEntry[] {
  return brokerDefinitions.map(({ name, type, dynamic }) => {
    const layers = broker.layers(name);
    return {
      name,
      value: layers[0]?.value ?? null,
      readOnly: !dynamic,
      configSource: layers[0]?.source ?? ConfigSource.default,
      isSensitive: false,
      synonyms: synonymsOf(layers),
      configType: typeNumbers[type],
      documentation: null,
    };
  });
}
