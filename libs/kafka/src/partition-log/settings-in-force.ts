import { KafkaClientError } from '../errors.js';

/** What bounds an erasure (the guard's formula), as the cluster has it. Times in ms. */
export interface LogSettingsInForce {
  readonly segmentMs: number;
  readonly maxCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly cleanerBackoffMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly logAppendTime: boolean;
  /** 0 under LogAppendTime, where no writer can date a record ahead. */
  readonly timestampAfterMaxMs: number;
}

/** Out of the settings of the topic and of one broker, by Kafka's names. Throws `KAFKA_REFUSED` where one is missing. */
export function settingsInForce(
  topic: ReadonlyMap<string, string | null>,
  broker: ReadonlyMap<string, string | null>,
): LogSettingsInForce {
  const appendTime = topic.get('message.timestamp.type') === 'LogAppendTime';
  return {
    segmentMs: number(topic, 'segment.ms'),
    maxCompactionLagMs: number(topic, 'max.compaction.lag.ms'),
    deleteRetentionMs: number(topic, 'delete.retention.ms'),
    fileDeleteDelayMs: number(topic, 'file.delete.delay.ms'),
    cleanerBackoffMs: number(broker, 'log.cleaner.backoff.ms'),
    minCleanableDirtyRatio: number(topic, 'min.cleanable.dirty.ratio'),
    logAppendTime: appendTime,
    timestampAfterMaxMs: appendTime ? 0 : number(topic, 'message.timestamp.after.max.ms'),
  };
}

function number(configs: ReadonlyMap<string, string | null>, name: string): number {
  const text = configs.get(name) ?? null;
  if (text !== null && Number.isFinite(Number(text))) return Number(text);
  throw new KafkaClientError(
    'KAFKA_REFUSED',
    `The cluster does not tell ${name}: the client needs the right to describe configurations (DESCRIBE_CONFIGS).`,
  );
}
