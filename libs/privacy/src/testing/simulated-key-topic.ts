import type { BareRecord, PartitionCondition, ReplicaLog, ReplicaState } from '@oubliette/kafka';
import { isRetirement, type KeyLog, type KeyLogRecord } from '@oubliette/keyring';
import type { Clock, Timer } from '@oubliette/runtime';
import type { KeyTopicWindow } from '../ports.js';
import { SimulatedBrokers } from './simulated-brokers.js';
import { SimulatedKeyLog, type SimulatedReader } from './simulated-key-log.js';
import { SimulatedPartition, type SimulatedRecord, type SimulatedSettings } from './simulated-partition.js';

export interface SimulatedCluster {
  /** Node ids from 1 on, each with a replica of every partition; default 1. */
  readonly brokers?: number;
  /** `min.insync.replicas`; default 1. */
  readonly minInSync?: number;
}

/**
 * A key topic in memory with Kafka's rules of compaction on a clock, each replica cleaning by itself. `log()` opens it as a keyring
 * sees it, and it is itself what the nudger sees. Append time is the clock's.
 */
export class SimulatedKeyTopic implements KeyTopicWindow {
  /** By partition, then by broker. */
  readonly #partitions: ReadonlyMap<number, SimulatedPartition>[];
  readonly #brokers: SimulatedBrokers;
  readonly #readers = new Set<SimulatedReader>();
  readonly #transactions = new Map<bigint, { readonly partition: number; readonly startOffset: bigint }>();
  #cleaner: Timer;
  #outage: Error | null = null;
  /** How often each call was made; a scan is the reading of one replica. */
  readonly calls = { appends: 0, scans: 0, nudges: 0, settings: 0 };

  constructor(
    readonly clock: Clock,
    private readonly simulated: SimulatedSettings,
    readonly partitionCount = 4,
    { brokers = 1, minInSync = 1 }: SimulatedCluster = {},
  ) {
    this.#brokers = new SimulatedBrokers(brokers, minInSync);
    this.#partitions = Array.from({ length: partitionCount }, () => {
      return new Map(this.#brokers.ids.map((broker) => [broker, new SimulatedPartition(simulated)]));
    });
    this.#cleaner = this.#scheduleCleaner();
  }

  /** Every later call fails with `error` until it is called with null. */
  fail(error: Error | null): void {
    this.#outage = error;
  }

  stopBroker(broker: number): void {
    this.#brokers.at(broker).isLive = false;
    this.#brokers.leaveSync(broker);
  }

  /** It fetches in one append all that it missed. */
  startBroker(broker: number): void {
    const state = this.#brokers.at(broker);
    state.isLive = true;
    if (state.isLagging) return;
    for (const partition of this.#partitions.keys()) this.#catchUp(partition, broker);
    state.isInSync = true;
  }

  /** A broker that lags runs and replicates nothing, until it no longer does. */
  lag(broker: number, isLagging: boolean): void {
    this.#brokers.at(broker).isLagging = isLagging;
    if (isLagging) this.#brokers.leaveSync(broker);
    else if (this.#brokers.at(broker).isLive) this.startBroker(broker);
  }

  stopCleaner(broker: number): void {
    this.#brokers.at(broker).hasCleaner = false;
  }

  startCleaner(broker: number): void {
    this.#brokers.at(broker).hasCleaner = true;
  }

  /** In sync, and with no news of the high watermark behind where it stands now; or with all news again. */
  freezeHighWatermark(partition: number, broker: number, isFrozen: boolean): void {
    this.#brokers.at(broker).knownEnd = isFrozen ? this.#replica(partition, broker).end : null;
  }

  /** Holds up the cleaner from now on, until it ends. */
  openTransaction(partition: number, producerId: bigint): void {
    this.#transactions.set(producerId, { partition, startOffset: this.#reference(partition).end });
  }

  endTransaction(producerId: bigint): void {
    this.#transactions.delete(producerId);
  }

  /** Whether a key record with a value of this user is in any file of a broker (of all), waiting to be unlinked or not. */
  holdsKeyOf(userRef: string, brokers: readonly number[] = this.#brokers.ids): boolean {
    const isKey = (key: string): boolean => key.startsWith(`${userRef}#`);
    return this.#partitions.some((replicas) =>
      brokers.some((broker) => replicas.get(broker)?.holdsValue(this.clock.now(), isKey)),
    );
  }

  /** How many key records with a value, and with a key in it, the log holds of this user. */
  valuesOf(userRef: string): number {
    return [...this.#partitions.keys()]
      .flatMap((partition) => this.records(partition))
      .filter(({ key, value }) => key.startsWith(`${userRef}#`) && value !== null && !isRetirement(value))
      .length;
  }

  records(partition: number): SimulatedRecord[] {
    return this.#reference(partition).records();
  }

  appendRecords(partition: number, records: readonly KeyLogRecord[]): bigint {
    this.#assertUp();
    const leader = this.#leaderOf(partition);
    if (this.#brokers.inSync.length < this.#brokers.minInSync) throw new Error('simulated: too few in sync');
    this.calls.appends++;
    const decoded = records.map(({ key, value }) => ({ key: Buffer.from(key).toString('latin1'), value }));
    const stored = this.#replica(partition, leader).append(this.clock.now(), decoded);
    for (const broker of this.#brokers.inSync)
      if (broker !== leader) this.#replica(partition, broker).replicate(stored);
    for (const reader of this.#readers) reader(partition, stored);
    return stored[0]?.offset ?? 0n;
  }

  async replicas(partition: number): Promise<readonly ReplicaState[]> {
    await Promise.resolve();
    this.#assertUp();
    const leader = this.#brokers.leaderOf(partition);
    return this.#brokers.ids.map((broker) => {
      const { isLive, isInSync } = this.#brokers.at(broker);
      return { broker, isLive, isInSync, isLeader: broker === leader };
    });
  }

  async readReplica(partition: number, broker: number): Promise<ReplicaLog> {
    await Promise.resolve();
    this.#assertUp();
    const { isLive, knownEnd } = this.#brokers.at(broker);
    if (!isLive) throw new Error(`simulated: broker ${broker} is down`);
    this.calls.scans++;
    const replica = this.#replica(partition, broker);
    const highWatermark = knownEnd ?? replica.end;
    const standing = replica.records().filter(({ offset }) => offset < highWatermark);
    return { logStart: 0n, highWatermark, records: told(standing) };
  }

  async end(partition: number): Promise<bigint> {
    await Promise.resolve();
    this.#assertUp();
    return this.#replica(partition, this.#leaderOf(partition)).end;
  }

  async appendedSince(partition: number, at: number): Promise<boolean> {
    await Promise.resolve();
    this.#assertUp();
    return this.#replica(partition, this.#leaderOf(partition))
      .records()
      .some(({ timestamp }) => timestamp >= at);
  }

  async condition(partition: number): Promise<PartitionCondition> {
    await Promise.resolve();
    this.#assertUp();
    const { minInSync, inSync } = this.#brokers;
    const openTransactions = [...this.#transactions].flatMap(([producerId, transaction]) =>
      transaction.partition === partition ? [{ producerId, startOffset: transaction.startOffset }] : [],
    );
    const leader = this.#brokers.leaderOf(partition);
    return { leader, inSync: inSync.length, minInSync, openTransactions };
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
    return { ...this.simulated, logAppendTime: true, timestampAfterMaxMs: 0 };
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
      for (const [partition, replicas] of this.#partitions.entries())
        for (const [broker, replica] of replicas) {
          const { isLive, hasCleaner } = this.#brokers.at(broker);
          if (isLive && hasCleaner) replica.clean(this.clock.now(), this.#stable(partition));
        }
      this.#cleaner = this.#scheduleCleaner();
    });
  }

  /** The last stable offset, and nothing of it where the high watermark stands still. */
  #stable(partition: number): bigint {
    const starts = [...this.#transactions.values()].flatMap((transaction) =>
      transaction.partition === partition ? [transaction.startOffset] : [],
    );
    const { end } = this.#reference(partition);
    return starts.reduce((least, start) => (start < least ? start : least), end);
  }

  #catchUp(partition: number, broker: number): void {
    const leader = this.#brokers.leaderOf(partition);
    if (leader === null || leader === broker) return;
    const own = this.#replica(partition, broker);
    own.replicate(
      this.#replica(partition, leader)
        .records()
        .filter(({ offset }) => offset >= own.end),
    );
  }

  /** The log as it is at the leader, or where it was last whole. */
  #reference(partition: number): SimulatedPartition {
    const broker = this.#brokers.leaderOf(partition) ?? this.#brokers.inSync[0] ?? 1;
    return this.#replica(partition, broker);
  }

  #leaderOf(partition: number): number {
    const leader = this.#brokers.leaderOf(partition);
    if (leader === null) throw new Error(`simulated: partition ${partition} has no leader`);
    return leader;
  }

  #replica(partition: number, broker: number): SimulatedPartition {
    const found = this.#partitions[partition]?.get(broker);
    if (!found) throw new RangeError(`The simulated key topic has no partition ${partition} on ${broker}.`);
    return found;
  }

  #assertUp(): void {
    if (this.#outage) throw this.#outage;
  }
}

async function* told(records: readonly SimulatedRecord[]): AsyncGenerator<BareRecord> {
  for (const { key, value, offset, timestamp } of records) {
    await Promise.resolve();
    yield { key, tombstone: value === null || isRetirement(value), offset, timestamp };
  }
}
