import { encodeBatch } from '@oubliette/protocol';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { BrokerConfig } from '../config/broker-config.js';
import { checkTopicOverrides, toLogConfig } from '../config/topic-config.js';
import { openLogManager } from '../log/log-manager.js';
import type { LogManager, PartitionLog } from '../log/partition-log.js';
import { silentLogger } from '../logger.js';

const directory = '/data';

const mostTurns = 10_000;

/** Settings by Kafka's names. */
type Configs = Readonly<Record<string, string>>;

/** One log of the bundled broker, with its retention and cleaner, on a clock that a test moves and a disk in memory. */
export interface SimulatedLog {
  readonly clock: ManualClock;
  /** Appends a record that is dated `aheadMs` ahead of the clock; resolves when it is synced. */
  append(key: string, value: string | null, aheadMs?: number): Promise<void>;
  /** Begins a transaction; the answer aborts it. One at a time. */
  beginTransaction(): Promise<() => Promise<void>>;
  /** Whether any file, renamed for deletion or not, holds these bytes. */
  holds(needle: string): boolean;
  close(): Promise<void>;
}

/** Throws BrokerError CONFIG_INVALID for what the broker would not take. */
export async function openSimulatedLog(topic: Configs, broker: Configs): Promise<SimulatedLog> {
  const config = new BrokerConfig(broker);
  checkTopicOverrides(topic, config);
  const logConfig = toLogConfig(topic, config);
  const clock = new ManualClock();
  const disk = new SimulatedDisk();
  const logs = await openLogManager({
    disk,
    clock,
    entropy: new SeededEntropy(1),
    logger: silentLogger,
    directory,
    configOf: () => logConfig,
    retentionCheckIntervalMs: config.number('log.retention.check.interval.ms'),
    initialTaskDelayMs: config.number('log.initial.task.delay.ms'),
    cleanerBackoffMs: config.number('log.cleaner.backoff.ms'),
    checkpointIntervalMs: config.number('log.flush.offset.checkpoint.interval.ms'),
    logStartCheckpointIntervalMs: config.number('log.flush.start.offset.checkpoint.interval.ms'),
  });
  return new LogOnMemory(clock, disk, logs, logs.create('events', 0, logConfig));
}

class LogOnMemory implements SimulatedLog {
  constructor(
    readonly clock: ManualClock,
    private readonly disk: SimulatedDisk,
    private readonly logs: LogManager,
    private readonly log: PartitionLog,
  ) {}

  async append(key: string, value: string | null, aheadMs = 0): Promise<void> {
    const timestamp = BigInt(this.clock.now() + aheadMs);
    const record = { timestamp, key: bytesOf(key), value: value === null ? null : bytesOf(value) };
    await this.#driven(async () => {
      const { durable } = await this.log.append(encodeBatch({ records: [record] }), { durable: true });
      await durable;
    });
  }

  async beginTransaction(): Promise<() => Promise<void>> {
    const record = {
      timestamp: BigInt(this.clock.now()),
      key: bytesOf('in-transaction'),
      value: bytesOf('x'),
    };
    const producer = { producerId: 7n, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    const batch = encodeBatch({ records: [record], ...producer });
    await this.#driven(() => this.log.append(batch, { durable: false }));
    return async () => {
      await this.log.appendMarker({
        producerId: 7n,
        producerEpoch: 1,
        coordinatorEpoch: 0,
        result: 'abort',
      });
    };
  }

  holds(needle: string): boolean {
    return this.#holds(directory, Buffer.from(needle));
  }

  close(): Promise<void> {
    return this.#driven(() => this.logs.close());
  }

  /** Until it is done, what is due at this moment runs: work that rests between its pieces waits for its turn on the clock. */
  async #driven<T>(work: () => Promise<T>): Promise<T> {
    let isDone = false;
    const working = work().finally(() => (isDone = true));
    for (let turn = 0; !isDone && turn < mostTurns; turn++) await this.clock.advanceAsync(0);
    if (!isDone) throw new Error(`The log did not answer within ${mostTurns} turns at one moment.`);
    return working;
  }

  #holds(at: string, needle: Buffer): boolean {
    return this.disk.listSync(at).some(({ name, kind }) => {
      const path = `${at}/${name}`;
      if (kind === 'directory') return this.#holds(path, needle);
      return Buffer.from(this.disk.readFileSync(path)).includes(needle);
    });
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
