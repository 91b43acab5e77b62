import { inspect } from 'node:util';
import type { Alarm } from './alarms.js';
import { MAC_BYTES } from './crypto/sodium.js';
import { envelopeFault } from './envelope.js';
import { closedError } from './errors.js';
import type { EpochOptions, EpochTurn } from './epoch-options.js';
import { EpochRatchet } from './epoch-ratchet.js';
import { GENERAL_PURPOSE } from './key-scope.js';
import { assertNobodyRefused, isWithdrawn } from './key-supply.js';
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
import { KeyringAssembly, type KeyringParts } from './keyring-assembly.js';
import { openEnvelope, type OpeningParts } from './open-envelope.js';
import type { Outcome } from './outcome.js';
import type { LogPeppers } from './peppers/log-peppers.js';
import { Permits } from './permits.js';
import { hashRecordName } from './record-name.js';
import { restrictionOf } from './restriction-record.js';
import { sealEnvelope, type SealingParts } from './seal-envelope.js';
import { deadRecordsOf } from './undertaker.js';
import { parseUserRef, partitionOfUser } from './user-ref.js';

/** The keyring over a key log. It writes to the log and reads its own memory; only the replay changes that memory. */
export class LogKeyring implements Keyring {
  readonly peppers: LogPeppers;
  readonly #assembly: KeyringAssembly;
  readonly #parts: KeyringParts;
  readonly #permits = new Permits();
  readonly #sealing: SealingParts;
  readonly #opening: OpeningParts;
  #closing: Promise<void> | null = null;

  constructor(parts: KeyringParts) {
    const { table, time, lease, writer } = parts;
    this.#parts = parts;
    this.#assembly = new KeyringAssembly(parts);
    const { engine, peppers } = this.#assembly;
    this.peppers = peppers;
    const { partitionCount } = writer;
    this.#sealing = { engine, table, partitionCount, lease, time, assertOpen: () => void this.#open() };
    this.#opening = {
      engine,
      table,
      barred: (userRef) => lease.barred(this.partitionOf(userRef as UserRef)),
      permits: this.#permits,
      time,
    };
  }

  userRef(userId: string): UserRef {
    return this.#open().hasher.userRef(userId);
  }

  authenticate(statement: Uint8Array): Uint8Array {
    const { sodium, subkeys } = this.#open().parts;
    return sodium.mac(subkeys.statement, statement, MAC_BYTES);
  }

  recordName(userRef: UserRef, text: string): string {
    const { sodium, subkeys } = this.#open().parts;
    return hashRecordName(sodium, subkeys.recordName, userRef, text);
  }

  partitionOf(userRef: UserRef): number {
    return partitionOfUser(userRef, this.#sealing.partitionCount);
  }

  state(userRef: UserRef): UserState {
    return this.#open().parts.table.get(userRef)?.state ?? 'unknown';
  }

  fence(userRef: UserRef): Fence | null {
    const entry = this.#open().parts.table.get(userRef);
    return entry?.fences.findLast(({ purpose }) => purpose === GENERAL_PURPOSE) ?? null;
  }

  restriction(userRef: UserRef): Restriction | null {
    const entry = this.#open().parts.table.get(userRef);
    return restrictionOf(userRef, entry?.restriction ?? null);
  }

  restrictions(): Restriction[] {
    const { table } = this.#open().parts;
    return [...table.entriesRestricted()].flatMap(
      ({ userRef, restriction }) => restrictionOf(userRef, restriction) ?? [],
    );
  }

  isWithdrawn(userRef: UserRef, purpose: string): boolean {
    const { parts, purposes } = this.#open();
    const entry = parts.table.get(userRef);
    return entry !== undefined && isWithdrawn(entry, purposes.tag(purpose));
  }

  async ensureKeys(userRefs: Iterable<UserRef>, purpose?: string): Promise<void> {
    const { supply, supplied, loader } = this.#open();
    const users = [...userRefs];
    const wanted = supplied.of(purpose);
    assertNobodyRefused(await supply.ensure(users, wanted), users);
    if (supply.hasAll(users, wanted)) return;
    await loader.load(users, ({ purpose: tag }) => tag === wanted.tag);
  }

  hasKey(userRef: UserRef, purpose?: string): boolean {
    const { supply, supplied } = this.#open();
    return supply.has(userRef, supplied.of(purpose));
  }

  async rotate(userRefs: Iterable<UserRef>, purpose?: string): Promise<void> {
    const { supply, supplied } = this.#open();
    const users = [...userRefs];
    assertNobodyRefused(await supply.ensure(users, supplied.of(purpose), true), users);
  }

  seal(userRef: UserRef, binding: Binding, plaintext: Uint8Array, purpose?: string): Uint8Array {
    const tag = this.#assembly.purposes.tag(purpose);
    return sealEnvelope(this.#sealing, userRef, tag, binding, plaintext);
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
    const { engine } = this.#open();
    if (envelopeFault(envelope) || !engine.isHeaderAuthentic(envelope)) return null;
    return engine.headerUserRef() as UserRef;
  }

  async catchUp(userRefs: Iterable<UserRef>): Promise<void> {
    const { parts, lifetimes, loader } = this.#open();
    const users = [...userRefs];
    const partitions = new Set(users.map((userRef) => this.partitionOf(userRef)));
    await Promise.all([...partitions].map((partition) => parts.writer.catchUp(partition)));
    await lifetimes.seekEnds(users);
    await loader.load(users);
  }

  async forget(userRef: UserRef): Promise<Fence> {
    return this.#open().forgetter.endOne(parseUserRef(userRef), GENERAL_PURPOSE);
  }

  async forgetMany(userRefs: readonly UserRef[]): Promise<Fence[]> {
    return this.#open().forgetter.end(userRefs.map(parseUserRef), GENERAL_PURPOSE);
  }

  async withdraw(userRef: UserRef, purpose: string): Promise<Fence> {
    const tag = this.#assembly.purposes.named(purpose);
    return this.#open().forgetter.endOne(parseUserRef(userRef), tag);
  }

  async grant(userRef: UserRef, purpose: string): Promise<void> {
    const { purposes, supply, supplied } = this.#open();
    purposes.named(purpose);
    await supply.grant(userRef, supplied.of(purpose));
  }

  async restrict(userRef: UserRef): Promise<Restriction> {
    return this.#open().restrictor.restrict(parseUserRef(userRef));
  }

  async liftRestriction(userRef: UserRef): Promise<void> {
    await this.#open().restrictor.lift(parseUserRef(userRef));
  }

  async withPermit<T>(userRef: UserRef, work: () => Promise<T>): Promise<T> {
    this.#open();
    return this.#permits.run(parseUserRef(userRef), work);
  }

  async beginLifecycle(userRef: UserRef): Promise<number> {
    const { supply, supplied } = this.#open();
    return supply.beginLifecycle(userRef, supplied.of());
  }

  async retireEnded(): Promise<number> {
    return this.#open().lifetimes.retireEnded();
  }

  get isFresh(): boolean {
    return this.#closing === null && this.#parts.lease.isHeld;
  }

  async advanceEpoch(options: EpochOptions = {}): Promise<EpochTurn> {
    const { parts, undertaker, loader, peppers } = this.#open();
    return new EpochRatchet({ ...parts, undertaker, loader, peppers }, options).turn();
  }

  deadRecords(): readonly DeadRecord[] {
    return deadRecordsOf(this.#open().parts.table.entriesWithDead());
  }

  async buryDead(): Promise<number> {
    const { parts, undertaker } = this.#open();
    return undertaker.bury([...parts.table.entriesWithDead()]);
  }

  size(): { users: number; keys: number; forgotten: number } {
    return this.#parts.table.counts;
  }

  list(): Iterable<ListedUser> {
    this.#open();
    return this.#list();
  }

  onForgotten(listener: (fence: Fence) => void): () => void {
    return this.#parts.table.forgotten.subscribe(listener);
  }

  onRestriction(listener: (change: RestrictionChange) => void): () => void {
    return this.#parts.table.restricted.subscribe(listener);
  }

  onAlarm(listener: (alarm: Alarm) => void): () => void {
    return this.#parts.alarms.subscribe(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#assembly.close();
    return this.#closing;
  }

  [inspect.custom](): string {
    const { users, keys, forgotten: gone } = this.size();
    return `LogKeyring { users: ${users}, keys: ${keys}, forgotten: ${gone} }`;
  }

  *#list(): Iterable<ListedUser> {
    for (const { userRef, state, lifecycle, keys } of this.#parts.table.entries()) {
      if (state !== 'unknown') yield { userRef, state, lifecycle, kids: keys.map(({ kid }) => kid) };
    }
    // Closed meanwhile, it would have ended early.
    this.#open();
  }

  /** What is asked after `close` is refused: memory is wiped by then, and would say "unknown" of everybody. */
  #open(): KeyringAssembly {
    if (this.#closing !== null) throw closedError();
    return this.#assembly;
  }
}
