import type { Fence, Keyring, UserRef } from '@oubliette/keyring';
import type { LedgerHalves } from '../mirror/compare-halves.js';
import type { Erasure, ErasureStore } from '../ports.js';
import type { RestrictionCheck } from '../restriction/restriction-check.js';

/** What comparing the ledger of erasures with the key topic came to: numbers of users. */
export interface LedgerCheck {
  /** Erasures in the ledger whose user is to be forgotten by now. */
  readonly checked: number;
  /** Forgotten by the ledger, but their fence did not stand in the key topic: somebody restored it. */
  readonly returned: number;
  /** Those of them that were forgotten again. */
  readonly forgottenAgain: number;
  /** Those of them that began a later lifecycle, which must not be forgotten with the earlier one: for a person to look at. */
  readonly unresolved: number;
  /** How the ledger in the database compared with its mirror; null: there is no mirror. */
  readonly halves: LedgerHalves | null;
  /** How the restrictions in the privacy log compared with those in the key topic. */
  readonly restrictions: RestrictionCheck;
}

export interface LedgerCheckParts {
  readonly keyring: Keyring;
  readonly store: Pick<ErasureStore, 'list'>;
  /** Hears of each user that was forgotten again. */
  readonly onForgottenAgain: (fence: Fence) => void;
}

const pageSize = 1_000;

/**
 * Forgets whoever the ledger says is forgotten and the key topic does not: a copy of it from before the forgetting was restored.
 * Reads the ledger a page at a time. Rejects with what the ledger or the keyring rejects with; what was done stays done, and the same
 * call again goes on.
 */
export async function checkLedger(
  parts: LedgerCheckParts,
): Promise<Omit<LedgerCheck, 'halves' | 'restrictions'>> {
  const { keyring, store } = parts;
  const found = { checked: 0, returned: 0, forgottenAgain: 0, unresolved: 0 };
  let before: Erasure | undefined;
  for (;;) {
    const page = await store.list(pageSize, before);
    const due = page.filter(({ state }) => state === 'forgotten' || state === 'erased');
    found.checked += due.length;
    let returned = due.filter((erasure) => isWithoutFence(keyring, erasure));
    if (returned.length > 0) {
      // Somebody else may have forgotten them a moment ago.
      await keyring.catchUp(new Set(returned.map(({ userRef }) => userRef)));
      returned = returned.filter((erasure) => isWithoutFence(keyring, erasure));
      const { users, unresolved } = sorted(keyring, returned);
      found.returned += users.size + unresolved.size;
      found.unresolved += unresolved.size;
      found.forgottenAgain += await forgetAgain(parts, users);
    }
    before = page.at(-1);
    if (page.length < pageSize || before === undefined) return found;
  }
}

function isWithoutFence(keyring: Keyring, { userRef, lifecycle }: Erasure): boolean {
  return (keyring.fence(userRef)?.lifecycle ?? 0) < lifecycle;
}

interface Sorted {
  /** The lifecycle up to which they are to be forgotten. */
  readonly users: ReadonlyMap<UserRef, number>;
  readonly unresolved: ReadonlySet<UserRef>;
}

function sorted(keyring: Keyring, returned: readonly Erasure[]): Sorted {
  const users = new Map<UserRef, number>();
  for (const { userRef, lifecycle } of returned)
    users.set(userRef, Math.max(lifecycle, users.get(userRef) ?? 0));
  const unresolved = new Set<UserRef>();
  if (users.size === 0) return { users, unresolved };
  for (const { userRef, lifecycle } of keyring.list()) {
    if (lifecycle > (users.get(userRef) ?? Infinity)) unresolved.add(userRef);
  }
  for (const userRef of unresolved) users.delete(userRef);
  return { users, unresolved };
}

async function forgetAgain(
  { keyring, onForgottenAgain }: LedgerCheckParts,
  users: ReadonlyMap<UserRef, number>,
): Promise<number> {
  const fences = await keyring.forgetMany([...users.keys()]);
  for (const fence of fences) onForgottenAgain(await throughLifecycles(keyring, fence, users));
  return fences.length;
}

/** The copy may be older than the lifecycle that was forgotten: each one that it knows nothing of is begun, and forgotten. */
async function throughLifecycles(
  keyring: Keyring,
  fence: Fence,
  users: ReadonlyMap<UserRef, number>,
): Promise<Fence> {
  const { userRef } = fence;
  const wanted = users.get(userRef) ?? fence.lifecycle;
  let last = fence;
  while (last.lifecycle < wanted) {
    await keyring.beginLifecycle(userRef);
    last = await keyring.forget(userRef);
  }
  return last;
}
