import {
  NUDGE_KEY,
  type LogConfigs,
  type LogExtent,
  type PartitionCondition,
  type ReplicaLog,
  type ReplicaState,
} from '@oubliette/kafka';
import type { TopicWindow } from '../ports.js';
import type { SimulatedKeyTopic } from './simulated-key-topic.js';

/** A topic of an application, in memory: compaction as the simulated key topic has it, retention by hand (`expire`). */
export class SimulatedTopic implements TopicWindow {
  readonly #starts = new Map<string, bigint>();
  isClosed = false;

  constructor(
    readonly topic: string,
    /** Its logs. */
    readonly logs: SimulatedKeyTopic,
    /** By Kafka's names, beside those that the simulation honours. */
    private readonly more: Readonly<Record<string, string>> = {},
  ) {}

  append(partition: number, ...keys: readonly string[]): void {
    this.logs.appendRecords(
      partition,
      keys.map((key) => ({ key: Buffer.from(key), value: Uint8Array.of(1) })),
    );
  }

  /** Retention takes what stands before an offset, on one broker. */
  expire(partition: number, broker: number, before: bigint): void {
    this.#starts.set(`${partition}/${broker}`, before);
  }

  async partitions(): Promise<readonly number[]> {
    await this.logs.replicas(0);
    return Array.from({ length: this.logs.partitionCount }, (_, partition) => partition);
  }

  async extent(partition: number, broker: number, end: bigint): Promise<LogExtent | null> {
    const { highWatermark } = await this.logs.readReplica(partition, broker);
    const logStart = this.#starts.get(`${partition}/${broker}`) ?? 0n;
    return highWatermark < end ? null : { logStart, highWatermark };
  }

  async configs(): Promise<LogConfigs> {
    const settings = await this.logs.settings();
    const topic = {
      'cleanup.policy': 'compact',
      'segment.ms': `${settings.segmentMs}`,
      'max.compaction.lag.ms': `${settings.maxCompactionLagMs}`,
      'file.delete.delay.ms': `${settings.fileDeleteDelayMs}`,
      'message.timestamp.type': 'LogAppendTime',
      ...this.more,
    };
    const broker = { 'log.cleaner.backoff.ms': `${settings.cleanerBackoffMs}`, ...this.more };
    return { topic: new Map(Object.entries(topic)), broker: new Map(Object.entries(broker)) };
  }

  async bury(partition: number, keys: readonly string[]): Promise<void> {
    await Promise.resolve();
    this.logs.appendRecords(
      partition,
      keys.map((key) => ({ key: Buffer.from(key), value: null })),
    );
  }

  async nudge(partition: number): Promise<void> {
    await Promise.resolve();
    this.logs.appendRecords(partition, [{ key: Buffer.from(NUDGE_KEY), value: null }]);
    this.logs.calls.nudges++;
  }

  replicas(partition: number): Promise<readonly ReplicaState[]> {
    return this.logs.replicas(partition);
  }

  readReplica(partition: number, broker: number): Promise<ReplicaLog> {
    return this.logs.readReplica(partition, broker);
  }

  end(partition: number): Promise<bigint> {
    return this.logs.end(partition);
  }

  appendedSince(partition: number, at: number): Promise<boolean> {
    return this.logs.appendedSince(partition, at);
  }

  condition(partition: number): Promise<PartitionCondition> {
    return this.logs.condition(partition);
  }

  settings(): ReturnType<TopicWindow['settings']> {
    return this.logs.settings();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}
