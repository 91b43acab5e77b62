/** A record as the simulated log keeps it. */
export interface SimulatedRecord {
  readonly key: string;
  readonly value: Uint8Array | null;
  readonly offset: bigint;
  readonly timestamp: number;
}

/** What the simulation honours, by Kafka's names. Times in ms. */
export interface SimulatedSettings {
  readonly segmentMs: number;
  readonly maxCompactionLagMs: number;
  readonly minCompactionLagMs: number;
  readonly deleteRetentionMs: number;
  readonly fileDeleteDelayMs: number;
  readonly cleanerBackoffMs: number;
  readonly minCleanableDirtyRatio: number;
}

interface Segment {
  readonly firstTimestamp: number;
  records: SimulatedRecord[];
  cleaned: boolean;
}

/**
 * One replica of a compacted partition by Kafka's rules, in memory: it rolls on append only, the active segment is never cleaned,
 * tombstones go in a later pass after delete.retention.ms, and replaced files linger for file.delete.delay.ms.
 */
export class SimulatedPartition {
  #segments: Segment[] = [];
  #nextOffset = 0n;
  #unlinking: { readonly at: number; readonly records: readonly SimulatedRecord[] }[] = [];
  readonly #horizons = new Map<bigint, number>();

  constructor(private readonly settings: SimulatedSettings) {}

  /** Behind the last record that was ever appended. */
  get end(): bigint {
    return this.#nextOffset;
  }

  /** At the leader: gives the records their offsets and the log's time. */
  append(now: number, records: readonly { key: string; value: Uint8Array | null }[]): SimulatedRecord[] {
    const stored = records.map((record, index) => ({
      ...record,
      offset: this.#nextOffset + BigInt(index),
      timestamp: now,
    }));
    this.replicate(stored);
    return stored;
  }

  /**
   * Takes records as one append, as a follower does however many batches it fetched. LogSegment.shouldRoll: the append's largest
   * timestamp against the first one of the active segment.
   */
  replicate(records: readonly SimulatedRecord[]): void {
    const [first, last] = [records[0], records.at(-1)];
    if (first === undefined || last === undefined) return;
    const rollMs = Math.min(this.settings.segmentMs, this.settings.maxCompactionLagMs);
    let active = this.#segments.at(-1);
    if (!active || last.timestamp - active.firstTimestamp > rollMs) {
      active = { firstTimestamp: first.timestamp, records: [], cleaned: false };
      this.#segments.push(active);
    }
    active.records.push(...records);
    this.#nextOffset = last.offset + 1n;
  }

  /** What a reader sees from log start to high watermark. */
  records(): SimulatedRecord[] {
    return this.#segments.flatMap((segment) => segment.records);
  }

  /** Whether a key's value is still in any file, replaced ones that wait to be unlinked included. */
  holdsValue(now: number, matches: (key: string) => boolean): boolean {
    const waiting = this.#unlinking.filter(({ at }) => at > now).flatMap(({ records }) => records);
    return [...this.records(), ...waiting].some(({ key, value }) => value !== null && matches(key));
  }

  /** One round of the cleaner (LogCleanerManager.grabFilthiestCompactedLog, Cleaner.doClean), up to the last stable offset. */
  clean(now: number, stable: bigint): void {
    this.#unlinking = this.#unlinking.filter(({ at }) => at > now);
    const cleanable = this.#cleanable(now, stable);
    if (!this.#isPicked(now, cleanable)) return;
    const latest = new Map<string, bigint>();
    for (const { key, offset } of cleanable.flatMap(({ records }) => records)) latest.set(key, offset);
    const before = cleanable.flatMap(({ records }) => records);
    for (const segment of cleanable) {
      segment.records = segment.records.filter((record) => this.#survives(now, record, latest));
      segment.cleaned = true;
    }
    this.#unlinking.push({ at: now + this.settings.fileDeleteDelayMs, records: before });
    this.#segments = this.#segments.filter(({ records }, index) => {
      return records.length > 0 || index === this.#segments.length - 1;
    });
  }

  /** Up to the active segment, and up to the first whose largest timestamp min.compaction.lag.ms still protects. */
  #cleanable(now: number, stable: bigint): Segment[] {
    const closed = this.#segments.slice(0, -1);
    const protectedFrom = closed.findIndex(({ records }) => {
      const last = records.at(-1);
      const isYoung = (last?.timestamp ?? 0) > now - this.settings.minCompactionLagMs;
      return isYoung || (last?.offset ?? 0n) >= stable;
    });
    return protectedFrom < 0 ? closed : closed.slice(0, protectedFrom);
  }

  #isPicked(now: number, cleanable: readonly Segment[]): boolean {
    const dirty = cleanable.filter(({ cleaned }) => !cleaned);
    if (dirty.length === 0) return false;
    const count = (segments: readonly Segment[]): number =>
      segments.reduce((sum, { records }) => sum + records.length, 0);
    const ratio = count(dirty) / count(cleanable);
    const oldest = dirty[0]?.firstTimestamp ?? now;
    return ratio > this.settings.minCleanableDirtyRatio || now - oldest > this.settings.maxCompactionLagMs;
  }

  #survives(now: number, record: SimulatedRecord, latest: ReadonlyMap<string, bigint>): boolean {
    if (latest.get(record.key) !== record.offset) return false;
    if (record.value !== null) return true;
    const horizon = this.#horizons.get(record.offset);
    if (horizon === undefined) this.#horizons.set(record.offset, now + this.settings.deleteRetentionMs);
    return horizon === undefined || now < horizon;
  }
}
