import type { Alarms, AlarmCode } from '../alarms.js';
import { secretMemory } from '../crypto/aead.js';
import { equalBytes, KEY_BYTES, type Sodium } from '../crypto/sodium.js';
import type { StoredKeyLogRecord } from '../key-log.js';
import type { KeyOpener } from '../key-opener.js';
import { parseRecordKey } from '../record-keys.js';
import { readPepperClaim, unwrapPepperRecord } from './pepper-record.js';

/** All pepper records stand in this partition. */
export const pepperPartition = 0;
/** Peppers that stand at a time at most: one, and while it is rotated a few. More were written by somebody else. */
const MOST_PEPPERS = 64;

/** A pepper that stands in the log. */
export interface StandingPepper {
  readonly id: string;
  readonly number: number;
  /** Of its wrapping key. */
  readonly epoch: number;
  /** null: its wrapping key is not at hand. */
  readonly bytes: Uint8Array | null;
}

interface Entry extends StandingPepper {
  /** As it was read: tried again where it could not be opened. */
  readonly value: Uint8Array;
  bytes: Uint8Array | null;
}

/**
 * The peppers of the key log, kept like the user keys: only applying a record that was read changes what is known here
 * (SPEC-PEPPERS.md).
 */
export class PepperTable {
  readonly #entries = new Map<string, Entry>();
  /** Of a partition that is given anew: what was not given again. */
  #unconfirmed: Set<string> | null = null;
  #isReplaying = true;

  constructor(
    private readonly sodium: Sodium,
    private readonly opener: KeyOpener,
    private readonly alarms: Alarms,
  ) {}

  /** False for a record that is no pepper's. */
  apply(record: StoredKeyLogRecord): boolean {
    // All but a handful of a topic's records are users': told apart by their first byte, '!'.
    if (record.partition !== pepperPartition || record.key[0] !== 0x21) return false;
    const name = parseRecordKey(record.key);
    if (name?.kind !== 'pepper') return false;
    this.#unconfirmed?.delete(name.id);
    if (record.value === null) this.#remove(name.id, record);
    else this.#put(name.id, record.value, record);
    return true;
  }

  /** The partition is given anew: tombstones may have been missed. */
  restarted(partition: number): void {
    if (partition !== pepperPartition) return;
    this.#isReplaying = true;
    this.#unconfirmed = new Set(this.#entries.keys());
  }

  replayed(partition: number): void {
    if (partition !== pepperPartition) return;
    this.#isReplaying = false;
    for (const id of this.#unconfirmed ?? []) this.#drop(id);
    this.#unconfirmed = null;
  }

  /**
   * The one in use first, then the others, newest first: everybody who read the same records has the same order. What cannot be
   * opened stands last, since nothing vouches for what it says of itself.
   */
  standing(): StandingPepper[] {
    for (const entry of this.#entries.values()) entry.bytes ??= this.#open(entry);
    const unreadable = ({ bytes }: Entry): number => (bytes === null ? 1 : 0);
    return [...this.#entries.values()].sort(
      (a, b) => unreadable(a) - unreadable(b) || b.number - a.number || (a.id < b.id ? -1 : 1),
    );
  }

  get(id: string): StandingPepper | null {
    const entry = this.#entries.get(id);
    if (entry) entry.bytes ??= this.#open(entry);
    return entry ?? null;
  }

  wipe(): void {
    for (const id of [...this.#entries.keys()]) this.#drop(id);
  }

  #put(id: string, value: Uint8Array, record: StoredKeyLogRecord): void {
    const claim = readPepperClaim(value);
    if (claim === null) return this.#alarm('PEPPER_UNAUTHENTIC', record);
    if (claim === 'unknown-version') return this.#alarm('PEPPER_UNREADABLE', record);
    const known = this.#entries.get(id);
    if (!known && this.#entries.size >= MOST_PEPPERS) return this.#alarm('PEPPER_UNAUTHENTIC', record);
    const entry: Entry = { id, ...claim, value: value.slice(), bytes: null };
    const wrapping = this.opener.wrappingKey(claim.epoch);
    if (wrapping === null) {
      this.#alarm('PEPPER_UNREADABLE', record);
      // Wrapped anew under an epoch that is not at hand here yet: what was read before is the same pepper.
      this.#entries.set(id, known?.bytes ? { ...known, value: entry.value, epoch: claim.epoch } : entry);
      return;
    }
    const opened = this.#open(entry);
    if (opened === null) return this.#alarm('PEPPER_UNAUTHENTIC', record);
    if (known?.bytes && !equalBytes(known.bytes, opened)) {
      opened.fill(0);
      return this.#alarm('KEY_RECORD_CONFLICT', record);
    }
    known?.bytes?.fill(0);
    this.#entries.set(id, { ...entry, bytes: opened });
  }

  #remove(id: string, record: StoredKeyLogRecord): void {
    const wasInUse = this.standing()[0]?.id === id;
    this.#drop(id);
    // Rotation ends those that are no longer in use; nobody of this deployment ends the other one.
    if (wasInUse && !this.#isReplaying) this.#alarm('PEPPER_LOST', record);
  }

  #open({ id, epoch, value }: Entry): Uint8Array | null {
    const wrapping = this.opener.wrappingKey(epoch);
    const opened = wrapping && unwrapPepperRecord(this.sodium, wrapping, id, value);
    if (!opened) return null;
    const kept = secretMemory(KEY_BYTES);
    kept.set(opened);
    opened.fill(0);
    return kept;
  }

  #drop(id: string): void {
    this.#entries.get(id)?.bytes?.fill(0);
    this.#entries.delete(id);
  }

  #alarm(code: AlarmCode, { partition, offset }: StoredKeyLogRecord): void {
    this.alarms.raise(code, partition, offset);
  }
}
