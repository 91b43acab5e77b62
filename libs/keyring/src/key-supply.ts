import type { Alarms } from './alarms.js';
import { forgottenError, KeyringError, withdrawnError } from './errors.js';
import type { ConfirmedTime } from './confirmed-time.js';
import { KeyGatherer, nobodyRefused, type Refusals } from './key-gatherer.js';
import type { KeyLogWriter } from './key-log-writer.js';
import { isWornOut, type KeyPolicy } from './key-policy.js';
import type { PurposeTag } from './key-scope.js';
import type { UserRef } from './keyring.js';
import type { LogTime } from './log-time.js';
import type { Mint, Minter } from './minter.js';
import type { SuppliedPurpose } from './supplied-purposes.js';
import type { Undertaker } from './undertaker.js';
import type { UserEntry } from './user-entry.js';
import { isHeld, type UserKey } from './user-key.js';
import { parseUserRef, partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface KeySupplyParts {
  readonly table: UserTable;
  readonly writer: KeyLogWriter;
  readonly minter: Minter;
  readonly undertaker: Undertaker;
  readonly time: LogTime;
  readonly confirmedTime: ConfirmedTime;
  readonly alarms: Alarms;
  /** Rejects while this process may not know which wrapping key is in force. */
  readonly assertCurrent: () => Promise<void>;
}

/** Decides which keys are to be made, and sees that they were read back before they are used. */
export class KeySupply {
  readonly #parts: KeySupplyParts;
  readonly #gatherer = new KeyGatherer();

  constructor(parts: KeySupplyParts) {
    this.#parts = parts;
  }

  /**
   * Sees that each user has a key, or when it `isAsked` a new one; resolves to whom one was refused. Throws `USER_FORGOTTEN` or
   * `PURPOSE_WITHDRAWN`, before anything is written, where that is known. Calls at the same time share appends, and all who wait for one
   * wait for one promise: a hundred thousand of them may.
   */
  ensure(userRefs: readonly UserRef[], purpose: SuppliedPurpose, isAsked = false): Promise<Refusals> {
    const { table, writer } = this.#parts;
    const wanting = isAsked ? userRefs : userRefs.filter((userRef) => !this.#isSupplied(userRef, purpose));
    if (wanting.length === 0) return nobodyRefused;
    for (const userRef of wanting) assertWanted(table.get(parseUserRef(userRef)), purpose.tag);
    const kind = `${purpose.tag}/${isAsked ? 'new' : 'any'}`;
    return this.#gatherer.join(
      wanting,
      (userRef) => `${kind}/${partitionOfUser(userRef, writer.partitionCount)}`,
      (users) => this.#supply(users, purpose, isAsked),
    );
  }

  /** `has` of all these users. */
  hasAll(userRefs: readonly UserRef[], purpose: SuppliedPurpose): boolean {
    for (const userRef of userRefs) if (!this.has(userRef, purpose)) return false;
    return true;
  }

  /** Resolves to whom a key was refused, and why. */
  async #supply(users: ReadonlySet<UserRef>, purpose: SuppliedPurpose, isAsked: boolean): Promise<Refusals> {
    const { table, time } = this.#parts;
    const currentOf = (userRef: UserRef): UserKey | null => this.#currentOf(userRef, purpose);
    const byLog = await this.#byLog([...users], currentOf, purpose.policy);
    const now = time.now();
    const mints: Mint[] = [];
    const refused = new Map<UserRef, KeyringError>();
    for (const userRef of users) {
      const current = currentOf(userRef);
      const entry = table.get(userRef);
      const refusal = refusalOf(entry, purpose.tag);
      if (refusal !== null) refused.set(userRef, refusal);
      else if (current === null || isAsked || isWornOut(current, purpose.policy, now, byLog)) {
        mints.push(mintOf(userRef, entry, purpose, current === null ? 0 : current.rotation + 1));
      }
    }
    if (mints.length > 0) for (const [userRef, error] of await this.#make(mints)) refused.set(userRef, error);
    return refused;
  }

  /** True when `ensure` would find nothing to do for this user, and the key is in memory. */
  has(userRef: UserRef, purpose: SuppliedPurpose): boolean {
    const current = this.#currentOf(userRef, purpose);
    return current !== null && isHeld(current.state.held) && this.#isFit(current, purpose);
  }

  #isSupplied(userRef: UserRef, purpose: SuppliedPurpose): boolean {
    const current = this.#currentOf(userRef, purpose);
    return current !== null && this.#isFit(current, purpose);
  }

  #currentOf(userRef: UserRef, { tag }: SuppliedPurpose): UserKey | null {
    return this.#parts.table.get(userRef)?.current(tag) ?? null;
  }

  #isFit(current: UserKey, { policy }: SuppliedPurpose): boolean {
    const isTimeless = policy.rotateAfterMs === undefined && current.lifetimeSeconds === 0;
    // Whether the log agrees is asked in `ensure`.
    return !isWornOut(current, policy, isTimeless ? 0 : this.#parts.time.now(), Infinity);
  }

  /** A forgotten user begins anew; resolves to the lifecycle. Rejects with `USER_NOT_FORGOTTEN`. */
  async beginLifecycle(userRef: UserRef, purpose: SuppliedPurpose): Promise<number> {
    const { table, writer } = this.#parts;
    const known = table.get(parseUserRef(userRef));
    const wasForgotten = known?.state === 'forgotten' ? known.fenced : null;
    await writer.catchUp(partitionOfUser(userRef, writer.partitionCount));
    const entry = table.get(userRef);
    // Another process began the same lifecycle at the same time: both have what they asked for.
    if (entry?.state === 'active' && entry.fenced === wasForgotten) return entry.lifecycle;
    if (entry?.state !== 'forgotten') {
      throw new KeyringError(
        'USER_NOT_FORGOTTEN',
        'A new lifecycle begins only for a user that was forgotten; this one was not.',
      );
    }
    const mint = mintOf(userRef, undefined, purpose, 0);
    const lifecycle = entry.fenced + 1;
    assertNobodyRefused(await this.#make([{ ...mint, lifecycle }]), [userRef]);
    return table.get(userRef)?.lifecycle ?? lifecycle;
  }

  /** A withdrawn purpose begins anew. Rejects with `PURPOSE_NOT_WITHDRAWN` or `USER_FORGOTTEN`. */
  async grant(userRef: UserRef, purpose: SuppliedPurpose): Promise<void> {
    const { table, writer } = this.#parts;
    const generationOf = (entry: UserEntry | undefined): number => entry?.generationOf(purpose.tag) ?? 1;
    const before = table.get(parseUserRef(userRef));
    const wasWithdrawn = before && isWithdrawn(before, purpose.tag) ? generationOf(before) : null;
    await writer.catchUp(partitionOfUser(userRef, writer.partitionCount));
    const entry = table.get(userRef);
    if (entry?.state === 'forgotten') throw forgottenError();
    if (entry?.current(purpose.tag) && generationOf(entry) - 1 === wasWithdrawn) return;
    if (!entry || !isWithdrawn(entry, purpose.tag)) {
      throw new KeyringError(
        'PURPOSE_NOT_WITHDRAWN',
        'A purpose is granted anew only after it was withdrawn; this one was not.',
      );
    }
    const mint = mintOf(userRef, entry, purpose, 0);
    assertNobodyRefused(await this.#make([{ ...mint, generation: generationOf(entry) + 1 }]), [userRef]);
  }

  /** The log's time, asked for where the wall clock says that a key's time is over. */
  async #byLog(
    users: readonly UserRef[],
    currentOf: (userRef: UserRef) => UserKey | null,
    policy: KeyPolicy,
  ): Promise<number> {
    const { time, confirmedTime } = this.#parts;
    if (policy.rotateAfterMs === undefined && policy.lifetimeMs === undefined) return time.byLog();
    const now = time.now();
    return confirmedTime.now((byLog) =>
      users.some((userRef) => {
        const current = currentOf(userRef);
        return current !== null && isWornOut(current, policy, now, byLog);
      }),
    );
  }

  /** What a fence overtook is refused, and buried. */
  async #make(mints: readonly Mint[]): Promise<Refusals> {
    const { table, minter, undertaker, alarms, assertCurrent } = this.#parts;
    await assertCurrent();
    await minter.mint(mints);
    const overtaken = mints.flatMap((mint) => {
      const entry = table.get(mint.userRef);
      return entry && !entry.fenceOf(mint) ? [] : [{ mint, entry }];
    });
    if (overtaken.length === 0) return new Map();
    const entries = new Set(overtaken.flatMap(({ entry }) => entry ?? []));
    try {
      await undertaker.bury(entries);
    } catch (error) {
      if (!(error instanceof KeyringError) || !error.retriable) throw error;
      for (const { partition } of entries) alarms.raise('DEAD_RECORD_NOT_BURIED', partition, -1n);
    }
    return new Map(
      overtaken.map(({ mint, entry }) => {
        const refusal = refusalOf(entry && table.get(mint.userRef), mint.purpose);
        return [mint.userRef, refusal ?? overtakenError()];
      }),
    );
  }
}

/** Throws `USER_FORGOTTEN` or `PURPOSE_WITHDRAWN`. */
export function assertWanted(entry: UserEntry | undefined, purpose: PurposeTag): void {
  const refusal = refusalOf(entry, purpose);
  if (refusal !== null) throw refusal;
}

/** Why nothing may be written for the purpose; null when it may. */
function refusalOf(entry: UserEntry | undefined, purpose: PurposeTag): KeyringError | null {
  // Nearly nobody has a fence, and this is asked for each user of each batch.
  if (!entry || entry.fences.length === 0) return null;
  if (entry.state === 'forgotten') return forgottenError();
  return isWithdrawn(entry, purpose) ? withdrawnError() : null;
}

/** Throws what stands against the first of these users. */
export function assertNobodyRefused(refused: Refusals, userRefs: readonly UserRef[]): void {
  if (refused.size === 0) return;
  for (const userRef of userRefs) {
    const refusal = refused.get(userRef);
    if (refusal !== undefined) throw refusal;
  }
}

function overtakenError(): KeyringError {
  return new KeyringError(
    'KEYRING_UNAVAILABLE',
    'A key was made for what had ended and begun anew meanwhile, of which this process had not heard: try again, it has now.',
  );
}

/** True when nothing can be encrypted for the purpose until it is granted anew. */
export function isWithdrawn(entry: UserEntry, purpose: PurposeTag): boolean {
  const { lifecycle } = entry;
  return (
    entry.state === 'active' &&
    entry.fenceOf({ lifecycle, purpose, generation: entry.generationOf(purpose) }) !== null
  );
}

function mintOf(
  userRef: UserRef,
  entry: UserEntry | undefined,
  { tag, policy }: SuppliedPurpose,
  rotation: number,
): Mint {
  return {
    userRef,
    lifecycle: entry?.lifecycle ?? 1,
    purpose: tag,
    generation: entry?.generationOf(tag) ?? 1,
    rotation,
    lifetimeSeconds: Math.ceil((policy.lifetimeMs ?? 0) / 1000),
  };
}
