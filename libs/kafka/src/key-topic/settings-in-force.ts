import { KafkaClientError } from '../errors.js';
import type { TopicAdmin } from '../ports.js';

/** What bounds an erasure (the guard's formula), as the cluster has it. Times in ms. */
export interface KeyTopicSettingsInForce {
  readonly segmentMs: number;
  readonly maxCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly cleanerBackoffMs: number;
  readonly minCleanableDirtyRatio: number;
  /** 0 under LogAppendTime, where no writer can date a record ahead. */
  readonly timestampAfterMaxMs: number;
}

export async function settingsInForce(admin: TopicAdmin, topic: string): Promise<KeyTopicSettingsInForce> {
  const [description] = await admin.describeTopics([topic]);
  const configs = description?.configs ?? {};
  const broker = await admin.brokerConfigs();
  const appendTime = configs['message.timestamp.type'] === 'LogAppendTime';
  return {
    segmentMs: number(configs, 'segment.ms'),
    maxCompactionLagMs: number(configs, 'max.compaction.lag.ms'),
    deleteRetentionMs: number(configs, 'delete.retention.ms'),
    fileDeleteDelayMs: number(configs, 'file.delete.delay.ms'),
    cleanerBackoffMs: number(broker, 'log.cleaner.backoff.ms'),
    minCleanableDirtyRatio: number(configs, 'min.cleanable.dirty.ratio'),
    timestampAfterMaxMs: appendTime ? 0 : number(configs, 'message.timestamp.after.max.ms'),
  };
}

function number(configs: Readonly<Record<string, string>>, name: string): number {
  const value = Number(configs[name]);
  if (configs[name] !== undefined && Number.isFinite(value)) return value;
  throw new KafkaClientError(
    'KAFKA_REFUSED',
    `The cluster does not tell ${name}: the client needs the right to describe configurations (DESCRIBE_CONFIGS).`,
  );
}
