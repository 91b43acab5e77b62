import { inspect } from 'node:util';
import type { Clock } from '@oubliette/runtime';
import type { Alarm, Alarms } from './alarms.js';
import { EnvelopeEngine, namesKey } from './crypto/envelope-engine.js';
import { envelopeFault, LIFECYCLE_AT, KID_AT, MAX_PLAINTEXT_BYTES, USER_REF_AT } from './envelope.js';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { KeyringError } from './errors.js';
import { encodeFence, keyFingerprint, MAX_FINGERPRINTS } from './fence-record.js';
import { toHex } from './hex.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import type { WrappingKey } from './key-record.js';
import type { Binding, DeadRecord, Fence, Keyring, UserRef, UserState } from './keyring.js';
import { Minter } from './minter.js';
import type { Outcome } from './outcome.js';
import { fenceName, userKeyName } from './record-keys.js';
import type { Sodium } from './crypto/sodium.js';
import { wipeSubkeys, type Subkeys } from './subkeys.js';
import { bury, deadRecordsOf } from './undertaker.js';
import type { UserEntry, UserKey } from './user-entry.js';
import { hashUserId, parseUserRef, partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface LogKeyringParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly wrappingKeys: readonly WrappingKey[];
  readonly wrapping: WrappingKey;
  readonly entropy: EntropyPool;
  readonly clock: Clock;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  readonly alarms: Alarms;
}

/** The keyring over a key log. It writes to the log and reads its own memory; only the replay changes that memory. */
export class LogKeyring implements Keyring {
  readonly #parts: LogKeyringParts;
  readonly #writer: KeyLogWriter;
  readonly #table: UserTable;
  readonly #engine: EnvelopeEngine;
  readonly #minter: Minter;
  readonly #forgetting = new Map<UserRef, Promise<Fence>>();
  #closing: Promise<void> | null = null;

  constructor(parts: LogKeyringParts) {
    this.#parts = parts;
    this.#writer = parts.writer;
    this.#table = parts.table;
    this.#engine = new EnvelopeEngine(parts.sodium, parts.subkeys.envelopeHeader, parts.entropy);
    this.#minter = new Minter(parts.sodium, parts.writer, parts.wrapping, parts.entropy);
  }

  userRef(userId: string): UserRef {
    this.#writer.assertOpen();
    return hashUserId(this.#parts.sodium, this.#parts.subkeys.userRef, userId);
  }

  partitionOf(userRef: UserRef): number {
    return partitionOfUser(userRef, this.#writer.partitionCount);
  }

  state(userRef: UserRef): UserState {
    return this.#table.get(userRef)?.state ?? 'unknown';
  }

  fence(userRef: UserRef): Fence | null {
    return this.#table.get(userRef)?.fences.at(-1) ?? null;
  }

  async ensureKeys(userRefs: Iterable<UserRef>): Promise<void> {
    this.#writer.assertOpen();
    const missing: UserRef[] = [];
    for (const userRef of new Set(userRefs)) {
      const state = this.state(userRef);
      if (state === 'forgotten') throw forgotten();
      if (state === 'unknown') missing.push(parseUserRef(userRef));
    }
    if (missing.length === 0) return;
    await this.#minter.mint(missing.map((userRef) => ({ userRef, lifecycle: 1 })));
    await this.#refuseForgotten(missing);
  }

  seal(userRef: UserRef, binding: Binding, plaintext: Uint8Array): Uint8Array {
    const key = this.#table.get(userRef)?.current;
    if (!key) throw this.#cannotSeal(userRef);
    if (plaintext.length > MAX_PLAINTEXT_BYTES) {
      throw new KeyringError(
        'PLAINTEXT_TOO_LARGE',
        `A value of ${plaintext.length} bytes is too large to encrypt: at most ${MAX_PLAINTEXT_BYTES}.`,
      );
    }
    return this.#engine.seal(key, binding, plaintext);
  }

  open(
    binding: Binding,
    envelope: Uint8Array,
    options?: { readonly caughtUp?: boolean },
  ): Outcome<Uint8Array> {
    if (this.#closing) return { outcome: 'unavailable', reason: 'closed' };
    const fault = envelopeFault(envelope);
    if (fault) return { outcome: 'invalid', reason: fault };
    if (!this.#engine.isHeaderAuthentic(envelope)) return { outcome: 'invalid', reason: 'header-mac' };
    const entry = this.#table.get(this.#engine.headerUserRef());
    const key = entry && keyNamedBy(envelope, entry);
    if (!key) return absent(entry, envelope, options?.caughtUp ?? false);
    const value = this.#engine.open(key, binding, envelope);
    return value ? { outcome: 'value', value } : { outcome: 'invalid', reason: 'ciphertext' };
  }

  userRefOf(envelope: Uint8Array): UserRef | null {
    this.#writer.assertOpen();
    if (envelopeFault(envelope) || !this.#engine.isHeaderAuthentic(envelope)) return null;
    return this.#engine.headerUserRef() as UserRef;
  }

  async catchUp(userRefs: Iterable<UserRef>): Promise<void> {
    this.#writer.assertOpen();
    const partitions = new Set<number>();
    for (const userRef of userRefs) partitions.add(this.partitionOf(userRef));
    await Promise.all([...partitions].map((partition) => this.#writer.catchUp(partition)));
  }

  async forget(userRef: UserRef): Promise<Fence> {
    this.#writer.assertOpen();
    const underway = this.#forgetting.get(parseUserRef(userRef));
    if (underway) return underway;
    const outcome = this.#forget(userRef).finally(() => this.#forgetting.delete(userRef));
    this.#forgetting.set(userRef, outcome);
    return outcome;
  }

  async beginLifecycle(userRef: UserRef): Promise<number> {
    const known = this.#table.get(parseUserRef(userRef));
    const wasForgotten = known?.state === 'forgotten' ? known.fenced : null;
    await this.#writer.catchUp(this.partitionOf(userRef));
    const entry = this.#table.get(userRef);
    // Another process began the same lifecycle at the same time: both have what they asked for.
    if (entry?.current && entry.fenced === wasForgotten) return entry.lifecycle;
    if (entry?.state !== 'forgotten') {
      throw new KeyringError(
        'USER_NOT_FORGOTTEN',
        'A new lifecycle begins only for a user that was forgotten; this one was not.',
      );
    }
    const lifecycle = entry.fenced + 1;
    await this.#minter.mint([{ userRef, lifecycle }]);
    await this.#refuseForgotten([userRef]);
    return entry.lifecycle;
  }

  deadRecords(): readonly DeadRecord[] {
    return deadRecordsOf(this.#table.entriesWithDead());
  }

  async buryDead(): Promise<number> {
    return bury(this.#writer, this.deadRecords());
  }

  size(): { users: number; keys: number; forgotten: number } {
    return this.#table.counts;
  }

  *list(): Iterable<{ userRef: UserRef; state: UserState; lifecycle: number; kids: readonly string[] }> {
    for (const { userRef, state, lifecycle, keys } of this.#table.entries()) {
      if (state !== 'unknown') yield { userRef, state, lifecycle, kids: keys.map(({ kid }) => kid) };
    }
  }

  onForgotten(listener: (fence: Fence) => void): () => void {
    return this.#table.forgotten.subscribe(listener);
  }

  onAlarm(listener: (alarm: Alarm) => void): () => void {
    return this.#parts.alarms.subscribe(listener);
  }

  /** Stops following and closes the log, then wipes every key. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [inspect.custom](): string {
    const { users, keys, forgotten: gone } = this.size();
    return `LogKeyring { users: ${users}, keys: ${keys}, forgotten: ${gone} }`;
  }

  async #close(): Promise<void> {
    const { table, alarms, subkeys, wrappingKeys, entropy } = this.#parts;
    try {
      await this.#writer.close();
    } finally {
      table.wipe();
      alarms.clear();
      wipeSubkeys(subkeys);
      for (const { key } of wrappingKeys) key.fill(0);
      entropy.wipe();
      this.#engine.close();
    }
  }

  async #forget(userRef: UserRef): Promise<Fence> {
    const partition = this.partitionOf(userRef);
    await this.#writer.catchUp(partition);
    let lifecycle = this.#table.get(userRef)?.lifecycle ?? 1;
    if (this.state(userRef) !== 'forgotten') lifecycle = await this.#writeFence(userRef, partition);
    // A key that was minted between the barrier and the fence stands there without a tombstone.
    const entry = this.#table.get(userRef);
    if (entry) await bury(this.#writer, deadRecordsOf([entry]));
    const fence = entry?.fenceOf(lifecycle);
    if (fence) return fence;
    throw new KeyringError(
      'KEYRING_UNAVAILABLE',
      'The fence was written but did not come back from the key topic: try again, and check who else writes to it.',
    );
  }

  /** One batch: the fence, and a tombstone for every key record that is known to stand. Returns the lifecycle it ends. */
  async #writeFence(userRef: UserRef, partition: number): Promise<number> {
    const { sodium, subkeys, clock } = this.#parts;
    const entry = this.#table.get(userRef);
    const lifecycle = entry?.lifecycle ?? 1;
    const keys = entry?.keys ?? [];
    const fence: Fence = {
      userRef,
      lifecycle,
      erasedAt: clock.now(),
      fingerprints: keys
        .slice(0, MAX_FINGERPRINTS)
        .map(({ key }) => keyFingerprint(sodium, subkeys.fingerprint, key)),
    };
    const tombstones = keys
      .slice(0, MAX_BATCH_RECORDS - 1)
      .map(({ kid }) => ({ key: userKeyName(userRef, kid), value: null }));
    await this.#writer.appendAndRead(partition, [
      { key: fenceName(userRef, lifecycle), value: encodeFence(sodium, subkeys.fence, fence) },
      ...tombstones,
    ]);
    return lifecycle;
  }

  /** After a mint: users that a fence overtook are refused, and what was minted for them is buried. */
  async #refuseForgotten(userRefs: readonly UserRef[]): Promise<void> {
    const overtaken = userRefs.filter((userRef) => this.state(userRef) !== 'active');
    if (overtaken.length === 0) return;
    const entries = overtaken.flatMap((userRef) => this.#table.get(userRef) ?? []);
    try {
      await bury(this.#writer, deadRecordsOf(entries));
    } catch (error) {
      if (!(error instanceof KeyringError) || !error.retriable) throw error;
      for (const { partition } of entries) this.#parts.alarms.raise('DEAD_RECORD_NOT_BURIED', partition, -1n);
    }
    throw forgotten();
  }

  #cannotSeal(userRef: UserRef): KeyringError {
    this.#writer.assertOpen();
    if (this.state(userRef) === 'forgotten') return forgotten();
    return new KeyringError(
      'KEY_MISSING',
      'The user has no key that was read back: await ensureKeys before sealing.',
    );
  }
}

function forgotten(): KeyringError {
  return new KeyringError(
    'USER_FORGOTTEN',
    'The user was forgotten: nothing can be written for this id until a new lifecycle is begun for it on purpose.',
  );
}

function keyNamedBy(envelope: Uint8Array, { keys }: UserEntry): UserKey | undefined {
  for (const key of keys) if (namesKey(envelope, key)) return key;
  return undefined;
}

/** Three different things (design: outcomes are types): erased by a fence, not seen yet, and never there. */
function absent(entry: UserEntry | undefined, envelope: Uint8Array, caughtUp: boolean): Outcome<never> {
  const view = new DataView(envelope.buffer, envelope.byteOffset, envelope.byteLength);
  const lifecycle = view.getUint32(LIFECYCLE_AT);
  const fence = entry?.fenceOf(lifecycle);
  if (fence) return { outcome: 'erased', lifecycle, erasedAt: fence.erasedAt };
  const stray = entry?.strays?.get(toHex(envelope.subarray(KID_AT, USER_REF_AT)));
  if (stray?.reason === 'unreadable') return { outcome: 'unavailable', reason: 'master-key-unavailable' };
  if (!caughtUp) return { outcome: 'unavailable', reason: 'key-not-seen' };
  if (stray) return { outcome: 'invalid', reason: 'key-record' };
  return { outcome: 'invalid', reason: entry?.forgedFence ? 'fence-mac' : 'key-unknown' };
}
