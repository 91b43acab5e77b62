import type { Clock } from '@oubliette/runtime';
import type { Sodium } from './crypto/sodium.js';
import { KeyringError } from './errors.js';
import { encodeFence, keyFingerprint, MAX_FINGERPRINTS } from './fence-record.js';
import type { KeyLogRecord } from './key-log.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import { endsWith, GENERAL_PURPOSE, type KeyScope, type PurposeTag } from './key-scope.js';
import type { KeyLoader } from './key-loader.js';
import type { Fence, UserRef } from './keyring.js';
import { fenceName, restrictionName, userKeyName } from './record-keys.js';
import type { Subkeys } from './subkeys.js';
import type { Undertaker } from './undertaker.js';
import type { UserEntry } from './user-entry.js';
import { isAtHand } from './user-key.js';
import { partitionOfUser } from './user-ref.js';
import type { UserTable } from './user-table.js';

export interface ForgetterParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly clock: Clock;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  readonly undertaker: Undertaker;
  readonly loader: KeyLoader;
  /** Rejects with `MASTER_KEY_UNAVAILABLE` while this process may lack the wrapping key of a record that stands. */
  readonly assertReadable: () => Promise<void>;
}

/** Users whose fences are made at the same time. */
const MOST_USERS = 1000;

/** A fence to be written, with the tombstones that go with it. */
interface Ending {
  readonly userRef: UserRef;
  readonly scope: KeyScope;
}

/** Writes fences and tombstones (SPEC.md, section 9). Calls at the same time for one user and purpose share one. */
export class Forgetter {
  readonly #parts: ForgetterParts;
  readonly #underway = new Map<string, Promise<Fence>>();

  constructor(parts: ForgetterParts) {
    this.#parts = parts;
  }

  /** Ends the purpose of each user (the general one: everything); the fences in the order asked. */
  async end(userRefs: readonly UserRef[], purpose: PurposeTag): Promise<Fence[]> {
    const byPartition = new Map<number, UserRef[]>();
    for (const userRef of new Set(userRefs)) {
      if (this.#underway.has(nameOf(userRef, purpose))) continue;
      const partition = partitionOfUser(userRef, this.#parts.writer.partitionCount);
      const users = byPartition.get(partition);
      if (users) users.push(userRef);
      else byPartition.set(partition, [userRef]);
    }
    for (const [partition, users] of byPartition) this.#start(partition, users, purpose);
    const outcomes = userRefs.map((userRef) => this.#underway.get(nameOf(userRef, purpose)));
    // All are waited for: what was begun is over when this rejects.
    await Promise.allSettled(outcomes);
    const fences: Fence[] = [];
    for (const outcome of outcomes) {
      const fence = await outcome;
      if (fence) fences.push(fence);
    }
    return fences;
  }

  /** The same of one user. */
  async endOne(userRef: UserRef, purpose: PurposeTag): Promise<Fence> {
    const [fence] = await this.end([userRef], purpose);
    if (fence) return fence;
    throw new RangeError('one user was asked for, and no fence came');
  }

  #start(partition: number, users: readonly UserRef[], purpose: PurposeTag): void {
    const work = this.#endIn(partition, users, purpose);
    for (const [index, userRef] of users.entries()) {
      const name = nameOf(userRef, purpose);
      const outcome = work
        .then((scopes) => this.#fenceOf(userRef, scopes[index]))
        .finally(() => this.#underway.delete(name));
      this.#underway.set(name, outcome);
    }
  }

  /** Resolves to the scopes that were ended, user by user. */
  async #endIn(
    partition: number,
    users: readonly UserRef[],
    purpose: PurposeTag,
  ): Promise<readonly KeyScope[]> {
    const { writer, table, undertaker, loader, assertReadable } = this.#parts;
    await writer.catchUp(partition);
    // What cannot be read may be of a later lifecycle than the fence that stands, which would be given for its end.
    if (users.some((userRef) => isEndedAsFarAsRead(table.get(userRef), purpose))) await assertReadable();
    const scopes: KeyScope[] = [];
    // The fence lists the keys that it ends, by what only their bytes tell.
    for await (const some of loader.inParts(users, MOST_USERS)) {
      const endings = some.map((userRef) => ({ userRef, scope: scopeOf(table.get(userRef), purpose) }));
      const groups = endings
        .filter(({ userRef, scope }) => !table.get(userRef)?.fenceOf(scope))
        .map((ending) => this.#records(ending));
      for (const batch of inBatches(groups)) await writer.appendAndRead(partition, batch);
      scopes.push(...endings.map(({ scope }) => scope));
    }
    // A key that was minted between the barrier and the fence stands there without a tombstone.
    await undertaker.bury(users.flatMap((userRef) => table.get(userRef) ?? []));
    return scopes;
  }

  /** The fence, and a tombstone for every key record that is known to stand: one batch, so that one is never without the others. */
  #records({ userRef, scope }: Ending): KeyLogRecord[] {
    const { sodium, subkeys, clock, table } = this.#parts;
    const entry = table.get(userRef);
    const keys = (entry?.keys ?? []).filter((key) => endsWith(key, scope));
    const retired = [...(entry?.retired ?? [])].filter(([, each]) => endsWith(each, scope));
    const fence: Fence = {
      userRef,
      ...scope,
      erasedAt: clock.now(),
      // A key that cannot be read is tombstoned all the same.
      fingerprints: keys
        .filter(isAtHand)
        .slice(0, MAX_FINGERPRINTS)
        .map(({ key }) => keyFingerprint(sodium, subkeys.fingerprint, key)),
    };
    const said = scope.purpose === GENERAL_PURPOSE ? entry?.restriction : null;
    const ended = said ? [{ key: restrictionName(userRef, said.lifecycle), value: null }] : [];
    const kids = [...keys.map(({ kid }) => kid), ...retired.map(([kid]) => kid)];
    return [
      { key: fenceName(userRef, scope), value: encodeFence(sodium, subkeys.fence, fence) },
      // Behind the fence, which ends it: before it, its tombstone would be an alarm.
      ...ended,
      ...kids
        .slice(0, MAX_BATCH_RECORDS - 1 - ended.length)
        .map((kid) => ({ key: userKeyName(userRef, kid), value: null })),
    ];
  }

  #fenceOf(userRef: UserRef, scope: KeyScope | undefined): Fence {
    const fence = scope && this.#parts.table.get(userRef)?.fenceOf(scope);
    if (fence) return fence;
    throw new KeyringError(
      'KEYRING_UNAVAILABLE',
      'The fence was written but did not come back from the key topic: try again, and check who else writes to it.',
    );
  }
}

/** What of the user is ended now: the lifecycle and generation that stand, or that were ended last. */
function scopeOf(entry: UserEntry | undefined, purpose: PurposeTag): KeyScope {
  const generation = purpose === GENERAL_PURPOSE ? 1 : (entry?.generationOf(purpose) ?? 1);
  return { lifecycle: entry?.lifecycle ?? 1, purpose, generation };
}

/** True when a fence stands for all that could be read, and something could not. */
function isEndedAsFarAsRead(entry: UserEntry | undefined, purpose: PurposeTag): boolean {
  return entry?.hasUnreadable === true && entry.fenceOf(scopeOf(entry, purpose)) !== null;
}

function nameOf(userRef: UserRef, purpose: PurposeTag): string {
  return `${userRef}:${purpose}`;
}

/** Packs groups into batches without splitting one. */
function inBatches(groups: readonly KeyLogRecord[][]): KeyLogRecord[][] {
  const batches: KeyLogRecord[][] = [];
  for (const group of groups) {
    const last = batches.at(-1);
    if (last && last.length + group.length <= MAX_BATCH_RECORDS) last.push(...group);
    else batches.push([...group]);
  }
  return batches;
}
