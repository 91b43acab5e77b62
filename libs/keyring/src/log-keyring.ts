import { inspect } from 'node:util';
import type { Clock } from '@oubliette/runtime';
import type { Alarm, Alarms } from './alarms.js';
import { ConfirmedTime } from './confirmed-time.js';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { EnvelopeEngine } from './crypto/envelope-engine.js';
import { MAC_BYTES, type Sodium } from './crypto/sodium.js';
import { UserHasher } from './crypto/user-hasher.js';
import { deploymentPartition } from './deployment.js';
import type { DeploymentFollower } from './deployment-follower.js';
import { envelopeFault, MAX_PLAINTEXT_BYTES } from './envelope.js';
import { closedError, KeyringError } from './errors.js';
import type { EpochOptions, EpochTurn } from './epoch-options.js';
import { EpochRatchet } from './epoch-ratchet.js';
import { Forgetter } from './forgetter.js';
import type { KeyLease } from './key-lease.js';
import { KeyLoader } from './key-loader.js';
import type { KeyLog } from './key-log.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { KeyOpener } from './key-opener.js';
import { endOf, type KeyPolicy } from './key-policy.js';
import { GENERAL_PURPOSE, type KeyScope, type PurposeTag } from './key-scope.js';
import {
  assertNobodyRefused,
  assertWanted,
  isWithdrawn,
  KeySupply,
  type SuppliedPurpose,
} from './key-supply.js';
import type {
  Binding,
  DeadRecord,
  Fence,
  Keyring,
  ListedUser,
  Restriction,
  RestrictionChange,
  UserRef,
  UserState,
} from './keyring.js';
import type { LogTime } from './log-time.js';
import type { MasterKeyLease } from './master-keys/master-key-lease.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import { Minter } from './minter.js';
import { openEnvelope, type OpeningParts } from './open-envelope.js';
import type { Outcome } from './outcome.js';
import { LogPeppers } from './peppers/log-peppers.js';
import type { PepperTable } from './peppers/pepper-table.js';
import { Permits } from './permits.js';
import { Purposes } from './purposes.js';
import { Restrictor } from './restrictor.js';
import { wipeSubkeys, type Subkeys } from './subkeys.js';
import { deadRecordsOf, Undertaker } from './undertaker.js';
import { hashRecordName } from './record-name.js';
import type { UserEntry } from './user-entry.js';
import { isAtHand, type UserKey } from './user-key.js';
import { parseUserRef, partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface LogKeyringParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly opener: KeyOpener;
  readonly entropy: EntropyPool;
  readonly clock: Clock;
  readonly time: LogTime;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  readonly peppers: PepperTable;
  readonly log: KeyLog;
  readonly masterKeys: MasterKeys;
  readonly lease: KeyLease;
  readonly masterKeyLease: MasterKeyLease;
  readonly deployment: DeploymentFollower;
  readonly alarms: Alarms;
  /** By the purpose's name; the general one's under the empty name. */
  readonly policies: Readonly<Record<string, KeyPolicy>>;
}

/** The keyring over a key log. It writes to the log and reads its own memory; only the replay changes that memory. */
export class LogKeyring implements Keyring {
  readonly peppers: LogPeppers;
  readonly #parts: LogKeyringParts;
  readonly #writer: KeyLogWriter;
  readonly #table: UserTable;
  readonly #engine: EnvelopeEngine;
  readonly #hasher: UserHasher;
  readonly #purposes: Purposes;
  readonly #supply: KeySupply;
  /** By name: no more than there may be purposes. */
  readonly #suppliedPurposes = new Map<string | undefined, SuppliedPurpose>();
  readonly #forgetter: Forgetter;
  readonly #restrictor: Restrictor;
  readonly #permits = new Permits();
  readonly #undertaker: Undertaker;
  readonly #loader: KeyLoader;
  readonly #confirmedTime: ConfirmedTime;
  readonly #opening: OpeningParts;
  #closing: Promise<void> | null = null;

  constructor(parts: LogKeyringParts) {
    const { sodium, subkeys, opener, entropy, clock, time, writer, table, alarms } = parts;
    this.#parts = parts;
    this.peppers = new LogPeppers(parts);
    this.#writer = writer;
    this.#table = table;
    this.#engine = new EnvelopeEngine(sodium, subkeys.envelopeHeader, entropy);
    this.#hasher = new UserHasher(sodium, subkeys.userRef);
    this.#purposes = new Purposes(sodium, subkeys.purpose);
    const undertaker = new Undertaker(sodium, subkeys.fence, writer);
    const minter = new Minter({ sodium, writer, opener, entropy });
    this.#undertaker = undertaker;
    this.#loader = new KeyLoader(table, writer);
    const assertCurrent = (): Promise<void> => this.#assertCurrent();
    const confirmedTime = new ConfirmedTime(time, clock, writer);
    this.#confirmedTime = confirmedTime;
    const supply = { table, writer, minter, undertaker, time, confirmedTime, alarms, assertCurrent };
    this.#supply = new KeySupply(supply);
    const ends = { sodium, subkeys, clock, writer, table, assertReadable: () => this.#assertReadable() };
    this.#forgetter = new Forgetter({ ...ends, undertaker, loader: this.#loader });
    this.#restrictor = new Restrictor(ends);
    this.#opening = {
      engine: this.#engine,
      table,
      barred: (userRef) => parts.lease.barred(this.partitionOf(userRef as UserRef)),
      permits: this.#permits,
      time,
    };
  }

  userRef(userId: string): UserRef {
    this.#assertOpen();
    return this.#hasher.userRef(userId);
  }

  authenticate(statement: Uint8Array): Uint8Array {
    this.#assertOpen();
    const { sodium, subkeys } = this.#parts;
    return sodium.mac(subkeys.statement, statement, MAC_BYTES);
  }

  recordName(userRef: UserRef, text: string): string {
    this.#assertOpen();
    const { sodium, subkeys } = this.#parts;
    return hashRecordName(sodium, subkeys.recordName, userRef, text);
  }

  partitionOf(userRef: UserRef): number {
    return partitionOfUser(userRef, this.#writer.partitionCount);
  }

  state(userRef: UserRef): UserState {
    this.#assertOpen();
    return this.#table.get(userRef)?.state ?? 'unknown';
  }

  fence(userRef: UserRef): Fence | null {
    this.#assertOpen();
    return this.#table.get(userRef)?.fences.findLast(({ purpose }) => purpose === GENERAL_PURPOSE) ?? null;
  }

  restriction(userRef: UserRef): Restriction | null {
    this.#assertOpen();
    const entry = this.#table.get(userRef);
    return entry === undefined ? null : restrictionOf(entry);
  }

  restrictions(): Restriction[] {
    this.#assertOpen();
    return [...this.#table.entriesRestricted()].flatMap((entry) => restrictionOf(entry) ?? []);
  }

  isWithdrawn(userRef: UserRef, purpose: string): boolean {
    this.#assertOpen();
    const entry = this.#table.get(userRef);
    return entry !== undefined && isWithdrawn(entry, this.#purposes.tag(purpose));
  }

  async ensureKeys(userRefs: Iterable<UserRef>, purpose?: string): Promise<void> {
    this.#assertOpen();
    const users = [...userRefs];
    const supplied = this.#supplied(purpose);
    assertNobodyRefused(await this.#supply.ensure(users, supplied), users);
    if (this.#supply.hasAll(users, supplied)) return;
    await this.#loader.load(users, ({ purpose: tag }) => tag === supplied.tag);
  }

  hasKey(userRef: UserRef, purpose?: string): boolean {
    this.#assertOpen();
    return this.#supply.has(userRef, this.#supplied(purpose));
  }

  async rotate(userRefs: Iterable<UserRef>, purpose?: string): Promise<void> {
    this.#assertOpen();
    const users = [...userRefs];
    assertNobodyRefused(await this.#supply.ensure(users, this.#supplied(purpose), true), users);
  }

  seal(userRef: UserRef, binding: Binding, plaintext: Uint8Array, purpose?: string): Uint8Array {
    const entry = this.#table.get(userRef);
    const tag = this.#purposes.tag(purpose);
    const key = entry?.current(tag);
    if (!key || (key.lifetimeSeconds !== 0 && this.#parts.time.now() >= endOf(key))) {
      this.#assertOpen();
      assertWanted(entry, tag);
      throw missing();
    }
    if (plaintext.length > MAX_PLAINTEXT_BYTES) {
      throw new KeyringError(
        'PLAINTEXT_TOO_LARGE',
        `A value of ${plaintext.length} bytes is too large to encrypt: at most ${MAX_PLAINTEXT_BYTES}.`,
      );
    }
    this.#parts.lease.assertHeld(this.partitionOf(userRef));
    if (!isAtHand(key)) throw missing();
    key.uses++;
    return this.#engine.seal(key, binding, plaintext);
  }

  open(
    binding: Binding,
    envelope: Uint8Array,
    options?: { readonly caughtUp?: boolean },
  ): Outcome<Uint8Array> {
    if (this.#closing) return { outcome: 'unavailable', reason: 'closed' };
    return openEnvelope(this.#opening, binding, envelope, options?.caughtUp ?? false);
  }

  userRefOf(envelope: Uint8Array): UserRef | null {
    this.#assertOpen();
    if (envelopeFault(envelope) || !this.#engine.isHeaderAuthentic(envelope)) return null;
    return this.#engine.headerUserRef() as UserRef;
  }

  async catchUp(userRefs: Iterable<UserRef>): Promise<void> {
    this.#assertOpen();
    const users = [...userRefs];
    const partitions = new Set(users.map((userRef) => this.partitionOf(userRef)));
    await Promise.all([...partitions].map((partition) => this.#writer.catchUp(partition)));
    const confirmed = this.#parts.time.byLog();
    await this.#confirmedTime.seek((now) => this.#isAnyEnded(users, confirmed, now));
    await this.#loader.load(users);
  }

  async forget(userRef: UserRef): Promise<Fence> {
    return this.#end(userRef, GENERAL_PURPOSE);
  }

  async forgetMany(userRefs: readonly UserRef[]): Promise<Fence[]> {
    this.#assertOpen();
    return this.#forgetter.end(userRefs.map(parseUserRef), GENERAL_PURPOSE);
  }

  async withdraw(userRef: UserRef, purpose: string): Promise<Fence> {
    return this.#end(userRef, this.#purposes.named(purpose));
  }

  async grant(userRef: UserRef, purpose: string): Promise<void> {
    this.#assertOpen();
    this.#purposes.named(purpose);
    await this.#supply.grant(userRef, this.#supplied(purpose));
  }

  async restrict(userRef: UserRef): Promise<Restriction> {
    this.#assertOpen();
    const said = await this.#restrictor.say(parseUserRef(userRef), true);
    if (said) return { userRef, lifecycle: said.lifecycle, since: said.at };
    throw new RangeError('a user was restricted, and nothing says so');
  }

  async liftRestriction(userRef: UserRef): Promise<void> {
    this.#assertOpen();
    await this.#restrictor.say(parseUserRef(userRef), false);
  }

  async withPermit<T>(userRef: UserRef, work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#permits.run(parseUserRef(userRef), work);
  }

  async beginLifecycle(userRef: UserRef): Promise<number> {
    this.#assertOpen();
    return this.#supply.beginLifecycle(userRef, this.#supplied());
  }

  async retireEnded(): Promise<number> {
    this.#assertOpen();
    const confirmed = this.#parts.time.byLog();
    const now = await this.#confirmedTime.now((time) => this.#ended(confirmed, time).next().done === false);
    const ended = [...this.#ended(-Infinity, now)].map(({ entry, key }) => {
      return { entry, kid: key.kid, retirement: { ...scopeOf(key), retiredAt: endOf(key) } };
    });
    return this.#undertaker.retire(ended);
  }

  get isFresh(): boolean {
    return this.#closing === null && this.#parts.lease.isHeld;
  }

  async advanceEpoch(options: EpochOptions = {}): Promise<EpochTurn> {
    this.#assertOpen();
    return new EpochRatchet(
      { ...this.#parts, undertaker: this.#undertaker, loader: this.#loader, peppers: this.peppers },
      options,
    ).turn();
  }

  deadRecords(): readonly DeadRecord[] {
    this.#assertOpen();
    return deadRecordsOf(this.#table.entriesWithDead());
  }

  async buryDead(): Promise<number> {
    this.#assertOpen();
    return this.#undertaker.bury([...this.#table.entriesWithDead()]);
  }

  size(): { users: number; keys: number; forgotten: number } {
    return this.#table.counts;
  }

  list(): Iterable<ListedUser> {
    this.#assertOpen();
    return this.#list();
  }

  onForgotten(listener: (fence: Fence) => void): () => void {
    return this.#table.forgotten.subscribe(listener);
  }

  onRestriction(listener: (change: RestrictionChange) => void): () => void {
    return this.#table.restricted.subscribe(listener);
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

  *#list(): Iterable<ListedUser> {
    for (const { userRef, state, lifecycle, keys } of this.#table.entries()) {
      if (state !== 'unknown') yield { userRef, state, lifecycle, kids: keys.map(({ kid }) => kid) };
    }
    // Closed meanwhile, it would have ended early.
    this.#assertOpen();
  }

  /** What is asked after `close` is refused: memory is wiped by then, and would say "unknown" of everybody. */
  #assertOpen(): void {
    if (this.#closing !== null) throw closedError();
  }

  async #close(): Promise<void> {
    const { table, peppers, alarms, subkeys, opener, entropy, deployment, masterKeyLease } = this.#parts;
    try {
      await masterKeyLease.close();
      await this.#writer.close();
      await deployment.close();
    } finally {
      table.wipe();
      peppers.wipe();
      alarms.clear();
      wipeSubkeys(subkeys);
      opener.wipe();
      entropy.wipe();
      this.#engine.close();
      this.#hasher.close();
    }
  }

  /**
   * Rejects with `KEYRING_UNAVAILABLE` where the deployment was not heard of lately (`wrappingLeaseMs`): the master-key epoch may have
   * turned meanwhile, and what would be wrapped now could soon be read by nobody else.
   */
  async #assertCurrent(): Promise<void> {
    const { deployment, lease } = this.#parts;
    if (!lease.mayWrap) await this.#writer.catchUp(deploymentPartition);
    await deployment.ready();
    lease.assertMayWrap();
  }

  /** Rejects with `MASTER_KEY_UNAVAILABLE` where the wrapping keys in force are not at hand. */
  async #assertReadable(): Promise<void> {
    const { deployment, opener } = this.#parts;
    await this.#writer.catchUp(deploymentPartition);
    await deployment.ready();
    opener.assertCurrent();
  }

  /** Keys whose lifetime was not over at one time and is at another. */
  *#ended(before: number, now: number): Generator<{ readonly entry: UserEntry; readonly key: UserKey }> {
    for (const entry of this.#table.entriesWith(({ lifetimeSeconds }) => lifetimeSeconds > 0)) {
      for (const key of entry.keys) if (endsBetween(key, before, now)) yield { entry, key };
    }
  }

  /** The same of these users. */
  #isAnyEnded(users: readonly UserRef[], before: number, now: number): boolean {
    return users.some((userRef) =>
      this.#table.get(userRef)?.keys.some((key) => endsBetween(key, before, now)),
    );
  }

  async #end(userRef: UserRef, purpose: PurposeTag): Promise<Fence> {
    this.#assertOpen();
    const [fence] = await this.#forgetter.end([parseUserRef(userRef)], purpose);
    if (fence) return fence;
    throw new RangeError('one user was asked for, and no fence came');
  }

  #supplied(name?: string): SuppliedPurpose {
    const known = this.#suppliedPurposes.get(name);
    if (known !== undefined) return known;
    const supplied = { tag: this.#purposes.tag(name), policy: this.#parts.policies[name ?? ''] ?? {} };
    this.#suppliedPurposes.set(name, supplied);
    return supplied;
  }
}

function restrictionOf({ userRef, restriction: said }: UserEntry): Restriction | null {
  return said?.isRestricted ? { userRef, lifecycle: said.lifecycle, since: said.at } : null;
}

function scopeOf({ lifecycle, purpose, generation }: KeyScope): KeyScope {
  return { lifecycle, purpose, generation };
}

function endsBetween(key: UserKey, before: number, now: number): boolean {
  const end = endOf(key);
  return end > before && end <= now;
}

function missing(): KeyringError {
  return new KeyringError(
    'KEY_MISSING',
    'The user has no key for this that was read back and is in memory: await ensureKeys right before sealing.',
  );
}
