import { isRetirement, type KeyLog, type KeyLogRecord } from '@oubliette/keyring';
import { SimulatedKeyLog, type SimulatedReader } from './simulated-key-log.js';
import type { Clock, Timer } from '@oubliette/runtime';
import type { KeyTopicWindow } from '../ports.js';
import { SimulatedPartition, type SimulatedRecord, type SimulatedSettings } from './simulated-partition.js';

/**
 * A key topic in memory with Kafka's rules of compaction on a clock. `log()` opens it as a keyring sees it, and it is
 * itself what the nudger sees. Append time is the clock's; there is one reader's view and no replica.
 */
export class SimulatedKeyTopic implements KeyTopicWindow {
  readonly #partitions: SimulatedPartition[];
  readonly #readers = new Set<SimulatedReader>();
  #cleaner: Timer;
  #outage: Error | null = null;
  /** How often each call was made. */
  readonly calls = { appends: 0, scans: 0, nudges: 0, settings: 0 };

  constructor(
    readonly clock: Clock,
    private readonly simulated: SimulatedSettings,
    readonly partitionCount = 4,
  ) {
    this.#partitions = Array.from({ length: partitionCount }, () => new SimulatedPartition(simulated));
    this.#cleaner = this.#scheduleCleaner();
  }

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  /** Whether a key record with a value of this user is in any file, waiting to be unlinked or not. */
  holdsKeyOf(userRef: string): boolean {
    const isKey = (key: string): boolean => key.startsWith(`${userRef}#`);
    return this.#partitions.some((partition) => partition.holdsValue(this.clock.now(), isKey));
  }

  /** How many key records with a value, and with a key in it, any file holds of this user. */
  valuesOf(userRef: string): number {
    return this.#partitions
      .flatMap((partition) => partition.records())
      .filter(({ key, value }) => key.startsWith(`${userRef}#`) && value !== null && !isRetirement(value))
      .length;
  }

  records(partition: number): SimulatedRecord[] {
    return this.#at(partition).records();
  }

  appendRecords(partition: number, records: readonly KeyLogRecord[]): bigint {
    this.#assertUp();
    this.calls.appends++;
    const decoded = records.map(({ key, value }) => ({ key: Buffer.from(key).toString('latin1'), value }));
    const stored = this.#at(partition).append(this.clock.now(), decoded);
    for (const reader of this.#readers) reader(partition, stored);
    return stored[0]?.offset ?? 0n;
  }

  async *scan(partition: number): AsyncGenerator<{
    key: string;
    tombstone: boolean;
    offset: bigint;
    timestamp: number;
  }> {
    this.#assertUp();
    this.calls.scans++;
    for (const { key, value, offset, timestamp } of this.#at(partition).records()) {
      await Promise.resolve();
      yield { key, tombstone: value === null || isRetirement(value), offset, timestamp };
    }
  }

  async nudge(partition: number): Promise<void> {
    await Promise.resolve();
    this.appendRecords(partition, [{ key: Buffer.from('!nudge'), value: Uint8Array.of(1) }]);
    this.calls.nudges++;
  }

  async settings(): Promise<Awaited<ReturnType<KeyTopicWindow['settings']>>> {
    await Promise.resolve();
    this.#assertUp();
    this.calls.settings++;
    return { ...this.simulated, timestampAfterMaxMs: 0 };
  }

  /** The same topic as a key log; each call is another process. */
  log(): KeyLog {
    return new SimulatedKeyLog(this, (reader) => {
      this.#readers.add(reader);
      return () => void this.#readers.delete(reader);
    });
  }

  close(): void {
    this.#cleaner.cancel();
  }

  #scheduleCleaner(): Timer {
    return this.clock.schedule(this.simulated.cleanerBackoffMs, () => {
      for (const partition of this.#partitions) partition.clean(this.clock.now());
      this.#cleaner = this.#scheduleCleaner();
    });
  }

  #at(partition: number): SimulatedPartition {
    const found = this.#partitions[partition];
    if (!found) throw new RangeError(`The simulated key topic has no partition ${partition}.`);
    return found;
  }

  #assertUp(): void {
    if (this.#outage) throw this.#outage;
  }
}
