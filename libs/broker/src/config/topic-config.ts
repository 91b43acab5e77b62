import { BrokerError } from '../errors.js';
import type { LogConfig } from '../log/partition-log.js';
import { type BrokerConfig, ConfigSource, type SourcedValue } from './broker-config.js';
import { checkValue, listEntries, wholeNumber } from './definition.js';
import { topicDefinitions, type TopicConfigDefinition } from './topic-definitions.js';

/** A topic's own settings, by Kafka's topic configuration names, as they were given. */
export type TopicOverrides = Readonly<Record<string, string>>;

const byName = new Map(topicDefinitions.map((definition) => [definition.name, definition]));

export function topicDefinition(name: string): TopicConfigDefinition | undefined {
  return byName.get(name);
}

/** Checks names, values and what must agree between them (LogConfig.validate). Throws `CONFIG_INVALID` in Kafka's words. */
export function checkTopicOverrides(overrides: TopicOverrides, broker: BrokerConfig): void {
  for (const name of Object.keys(overrides)) {
    if (!byName.has(name)) throw new BrokerError('CONFIG_INVALID', `Unknown topic config name: ${name}`);
  }
  for (const [name, value] of Object.entries(overrides)) {
    const definition = byName.get(name);
    if (definition !== undefined) checkValue(definition, value);
  }
  const effective = (name: string): string => effectiveText(name, overrides, broker) ?? '';
  const [minLag, maxLag] = [effective('min.compaction.lag.ms'), effective('max.compaction.lag.ms')];
  if (BigInt(minLag) > BigInt(maxLag)) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `conflict topic config setting min.compaction.lag.ms (${minLag}) > max.compaction.lag.ms (${maxLag})`,
    );
  }
  if (effective('remote.storage.enable') === 'true') {
    throw new BrokerError(
      'CONFIG_INVALID',
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    );
  }
}

/** What the broker holds for the topic setting, the one in force first. */
export function brokerLayers(
  definition: TopicConfigDefinition,
  broker: BrokerConfig,
): readonly SourcedValue[] {
  return broker.layers(...definition.synonyms);
}

/**
 * The value in force, in the topic setting's own unit: the topic's, or the broker's under one of its names for it
 * (retention.ms: log.retention.ms, log.retention.minutes, log.retention.hours). Null when nothing sets it.
 */
export function topicValue(
  definition: TopicConfigDefinition,
  overrides: TopicOverrides,
  broker: BrokerConfig,
): { readonly value: string | null; readonly source: number } {
  const own = overrides[definition.name];
  if (own !== undefined) return { value: checkValue(definition, own), source: ConfigSource.dynamicTopic };
  const inForce = brokerLayers(definition, broker)[0];
  if (inForce === undefined) return { value: definition.defaultValue, source: ConfigSource.default };
  const { name, value, source } = inForce;
  const factor = name.endsWith('.hours') ? 3_600_000n : name.endsWith('.minutes') ? 60_000n : 1n;
  const shown = factor === 1n ? checkValue(definition, value) : String(BigInt(value.trim()) * factor);
  return { value: definition.name === 'retention.ms' && shown.startsWith('-') ? '-1' : shown, source };
}

function effectiveText(name: string, overrides: TopicOverrides, broker: BrokerConfig): string | null {
  const definition = byName.get(name);
  if (definition === undefined) {
    throw new BrokerError('CONFIG_INVALID', `Unknown topic config name: ${name}`);
  }
  return topicValue(definition, overrides, broker).value;
}

/** The settings one of the topic's logs runs with. */
export function toLogConfig(overrides: TopicOverrides, broker: BrokerConfig): LogConfig {
  const text = (name: string): string => effectiveText(name, overrides, broker) ?? '';
  const number = (name: string): number => wholeNumber(text(name));
  const testSegmentBytes = effectiveText('internal.segment.bytes', overrides, broker);
  return {
    cleanupPolicy: new Set(listEntries(text('cleanup.policy')) as ('delete' | 'compact')[]),
    segmentBytes: testSegmentBytes === null ? number('segment.bytes') : wholeNumber(testSegmentBytes),
    segmentMs: number('segment.ms'),
    segmentJitterMs: number('segment.jitter.ms'),
    flushMessages: number('flush.messages'),
    flushMs: number('flush.ms'),
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
    compressionType: text('compression.type') as LogConfig['compressionType'],
    compressionGzipLevel: number('compression.gzip.level'),
    compressionLz4Level: number('compression.lz4.level'),
    compressionZstdLevel: number('compression.zstd.level'),
  };
}
