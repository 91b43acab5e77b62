import { encodeBatch } from '@oubliette/protocol';
import type { Clock, Timer } from '@oubliette/runtime';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { BrokerConfig } from '../config/broker-config.js';
import { checkTopicOverrides, toLogConfig } from '../config/topic-config.js';
import { DiskPartitionLog } from '../log/disk-partition-log.js';
import { openLogManager } from '../log/log-manager.js';
import type { LogManager } from '../log/partition-log.js';
import { silentLogger } from '../logger.js';

const directory = '/data';

const mostTurns = 10_000;

/** Settings by Kafka's names. */
type Configs = Readonly<Record<string, string>>;

/** One log of the bundled broker, with its retention and cleaner, on a clock that a test moves and a disk in memory. */
export interface SimulatedLog {
  /** ms since the Unix epoch. */
  now(): number;
  /** Moves the clock. What the broker does of itself is done at its own moment and takes no time, however much there is to clean. */
  advance(ms: number): Promise<void>;
  /** Runs at that many ms from now, unless the log was closed. */
  schedule(ms: number, run: () => void): void;
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
  const clock = new RecordingClock();
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
  const log = logs.create('events', 0, logConfig);
  if (!(log instanceof DiskPartitionLog)) throw new TypeError('a log manager makes logs on its disk');
  return new LogOnMemory(clock, disk, logs, log);
}

/** A manual clock that knows what is due next. */
class RecordingClock implements Clock {
  readonly manual = new ManualClock();
  readonly #due = new Set<{ readonly at: number }>();

  now(): number {
    return this.manual.now();
  }

  monotonic(): number {
    return this.manual.monotonic();
  }

  schedule(delayMs: number, run: () => void): Timer {
    const task = { at: this.monotonic() + Math.max(0, delayMs) };
    this.#due.add(task);
    const timer = this.manual.schedule(delayMs, () => {
      this.#due.delete(task);
      run();
    });
    return {
      cancel: () => {
        this.#due.delete(task);
        timer.cancel();
      },
    };
  }

  /** Infinity: nothing is. */
  nextDue(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#due) next = Math.min(next, at);
    return next;
  }
}

class LogOnMemory implements SimulatedLog {
  constructor(
    private readonly clock: RecordingClock,
    private readonly disk: SimulatedDisk,
    private readonly logs: LogManager,
    private readonly log: DiskPartitionLog,
  ) {}

  now(): number {
    return this.clock.now();
  }

  schedule(ms: number, run: () => void): void {
    this.clock.schedule(ms, run);
  }

  async advance(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.monotonic() + ms;
    for (let next = clock.nextDue(); next <= end; next = clock.nextDue()) {
      await clock.manual.advanceAsync(next - clock.monotonic());
      await this.#untilQuiet();
    }
    await clock.manual.advanceAsync(end - clock.monotonic());
  }

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
    for (let turn = 0; !isDone && turn < mostTurns; turn++) await this.clock.manual.advanceAsync(0);
    if (!isDone) throw new Error(`The log did not answer within ${mostTurns} turns at one moment.`);
    return working;
  }

  /** Retention and cleaning run in many turns of the event loop, one after the other: free twice in a row is done. */
  async #untilQuiet(): Promise<void> {
    let free = 0;
    for (let turn = 0; free < 2; turn++) {
      if (turn === mostTurns)
        throw new Error(`Cleaning did not end within ${mostTurns} turns at one moment.`);
      free = (await this.log.maintain(() => Promise.resolve(true))) === true ? free + 1 : 0;
      await this.clock.manual.advanceAsync(0);
    }
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
