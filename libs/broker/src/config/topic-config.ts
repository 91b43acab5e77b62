import { BrokerError } from '../errors.js';
import type { LogConfig } from '../log/partition-log.js';
import { type BrokerConfig, ConfigSource, type SourcedValue } from './broker-config.js';
import { checkValue, listEntries, wholeNumber } from './definition.js';
import { topicDefinitions, type TopicConfigDefinition } from './topic-definitions.js';

/** A topic's own settings, by Kafka's topic configuration names. */
export type TopicOverrides = Readonly<Record<string, string>>;

const byName = new Map(topicDefinitions.map((definition) => [definition.name, definition]));

export function topicDefinition(name: string): TopicConfigDefinition | undefined {
  return byName.get(name);
}

/** Checks names, values and what must agree between them; returns the values as stored. Throws `CONFIG_INVALID`. */
export function checkTopicOverrides(overrides: TopicOverrides, broker: BrokerConfig): TopicOverrides {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(overrides)) {
    const definition = byName.get(name);
    if (definition === undefined) {
      throw new BrokerError('CONFIG_INVALID', `Unknown topic config name: ${name}`);
    }
    checked[name] = checkValue(definition, value);
  }
  const log = toLogConfig(checked, broker);
  if (log.minCompactionLagMs > log.maxCompactionLagMs) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `conflict topic config setting min.compaction.lag.ms (${log.minCompactionLagMs}) > max.compaction.lag.ms (${log.maxCompactionLagMs})`,
    );
  }
  return checked;
}

/**
 * Every place that holds the setting, the one in force first: the topic, then the broker's names for it in order
 * (retention.ms: log.retention.ms, log.retention.minutes, log.retention.hours).
 */
export function topicLayers(
  definition: TopicConfigDefinition,
  overrides: TopicOverrides,
  broker: BrokerConfig,
): readonly SourcedValue[] {
  const found: SourcedValue[] = [];
  const own = overrides[definition.name];
  if (own !== undefined) found.push({ name: definition.name, value: own, source: ConfigSource.dynamicTopic });
  for (const { name } of definition.synonyms) found.push(...broker.layers(name));
  return found;
}

/** The value in force, in the topic setting's own unit. */
export function topicValue(
  definition: TopicConfigDefinition,
  overrides: TopicOverrides,
  broker: BrokerConfig,
): SourcedValue {
  const first = topicLayers(definition, overrides, broker)[0];
  if (first === undefined)
    return { name: definition.name, value: definition.defaultValue, source: ConfigSource.default };
  const factor = definition.synonyms.find((synonym) => synonym.name === first.name)?.factor ?? 1;
  if (factor === 1 || Number(first.value) < 0) return first;
  return { ...first, value: String(BigInt(first.value) * BigInt(factor)) };
}

/** The settings one of the topic's logs runs with. */
export function toLogConfig(overrides: TopicOverrides, broker: BrokerConfig): LogConfig {
  const text = (name: string): string => {
    const definition = byName.get(name);
    if (definition === undefined)
      throw new BrokerError('CONFIG_INVALID', `Unknown topic config name: ${name}`);
    return topicValue(definition, overrides, broker).value;
  };
  const number = (name: string): number => wholeNumber(text(name));
  return {
    cleanupPolicy: new Set(listEntries(text('cleanup.policy')) as ('delete' | 'compact')[]),
    segmentBytes: number('segment.bytes'),
    segmentMs: number('segment.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    indexIntervalBytes: number('index.interval.bytes'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    maxMessageBytes: number('max.message.bytes'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    minCleanableDirtyRatio: Number(text('min.cleanable.dirty.ratio')),
    fileDeleteDelayMs: number('file.delete.delay.ms'),
    messageTimestampType: text('message.timestamp.type') as LogConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
  };
}
