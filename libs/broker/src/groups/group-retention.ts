import type { Clock } from '@oubliette/runtime';
import type { ClassicGroup } from './classic-group.js';
import type { GroupRecord } from './group-records.js';
import type { GroupRegistry } from './group-registry.js';
import { expiry } from './offset-expiry.js';

/** How long offsets are kept, and how often that is looked at, in ms. */
export interface RetentionSettings {
  readonly offsetsRetentionMs: number;
  readonly retentionCheckMs: number;
}

/** Lets offsets expire, and with its last offset a group without members (GroupCoordinatorShard.cleanupGroupMetadata). */
export class GroupRetention {
  readonly #registry: GroupRegistry;
  readonly #clock: Clock;
  readonly #settings: RetentionSettings;
  readonly #store: (groupId: string, records: readonly GroupRecord[]) => Promise<boolean>;

  constructor(parts: {
    readonly registry: GroupRegistry;
    readonly clock: Clock;
    readonly settings: RetentionSettings;
    /** Resolves to whether they were stored, all of them. */
    readonly store: (groupId: string, records: readonly GroupRecord[]) => Promise<boolean>;
  }) {
    this.#registry = parts.registry;
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#store = parts.store;
  }

  /** Looks again and again; the clock's timers end with the coordinator. */
  start(): void {
    this.#clock.schedule(this.#settings.retentionCheckMs, () => {
      for (const group of [...this.#registry.all()]) this.#expire(group);
      this.start();
    });
  }

  #expire(group: ClassicGroup): void {
    const { offsets } = this.#registry;
    const time = { now: this.#clock.now(), retentionMs: this.#settings.offsetsRetentionMs };
    const isExpired = expiry(group, time);
    const records = isExpired === null ? [] : offsets.tombstones(group.id, isExpired);
    // Who was given an id and is not back with it keeps no group.
    const goes = group.state === 'Empty' && records.length === offsets.count(group.id);
    if (goes) {
      this.#registry.remove(group);
      records.push({ kind: 'group', groupId: group.id, value: null });
    }
    if (records.length === 0) return;
    void this.#store(group.id, records).then((isStored) => {
      if (goes && !isStored) this.#registry.putBack(group);
    });
  }
}
