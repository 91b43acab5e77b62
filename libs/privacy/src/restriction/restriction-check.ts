import { KeyringError, type Keyring } from '@oubliette/keyring';
import type { LoggedEntry, PrivacyLog } from '../log/privacy-log.js';
import type { Logger } from '../logger.js';

/** What comparing the privacy log with the key topic came to: numbers of users. */
export interface RestrictionCheck {
  /** Restrictions that the log says were ordered and not lifted, of users who were not forgotten since. */
  readonly standing: number;
  /** Of those, the ones that the key topic knew nothing of, which was restored, or which failed behind its entry: restricted again. */
  readonly restrictedAgain: number;
  /** Restricted by the key topic, and not, or no more, by the log: for a person to look at. They stay restricted. */
  readonly unlogged: number;
}

export interface RestrictionCheckParts {
  readonly keyring: Keyring;
  readonly log: Pick<PrivacyLog, 'standingRestrictions'>;
  readonly logger: Logger;
}

const pageSize = 1_000;

/**
 * Restricts again whoever the privacy log says is restricted (Art. 18 GDPR) and the key topic does not; says who is restricted without an
 * entry, and lifts nothing. Reads the log a page at a time. Rejects with what log or keyring reject with; the same call again goes on.
 */
export async function checkRestrictions(parts: RestrictionCheckParts): Promise<RestrictionCheck> {
  const { keyring, log, logger } = parts;
  const unlogged = new Set(keyring.restrictions().map(({ userRef }) => userRef));
  const found = { standing: 0, restrictedAgain: 0 };
  let after = 0;
  for (;;) {
    const page = await log.standingRestrictions(pageSize, after);
    for (const { userRef } of page) unlogged.delete(userRef);
    const due = page.filter((entry) => isDue(keyring, entry));
    found.standing += due.length;
    found.restrictedAgain += await restrictAgain(parts, due);
    after = page.at(-1)?.id ?? after;
    if (page.length < pageSize) break;
  }
  tell(logger, { ...found, unlogged: unlogged.size });
  return { ...found, unlogged: unlogged.size };
}

/** The log knows no lifecycles: forgetting ends a restriction, and the next lifecycle is free of it. */
function isDue(keyring: Keyring, { userRef, at }: LoggedEntry): boolean {
  return keyring.state(userRef) !== 'forgotten' && (keyring.fence(userRef)?.erasedAt ?? -1) < at;
}

async function restrictAgain(
  { keyring, log }: RestrictionCheckParts,
  due: readonly LoggedEntry[],
): Promise<number> {
  const isLost = ({ userRef }: LoggedEntry): boolean => keyring.restriction(userRef) === null;
  const lost = due.filter(isLost);
  // Somebody else may have restricted, lifted or forgotten a moment ago.
  if (lost.length > 0) await keyring.catchUp(new Set(lost.map(({ userRef }) => userRef)));
  let restricted = 0;
  for (const entry of lost.filter((one) => isLost(one) && isDue(keyring, one))) {
    const [standing] = await log.standingRestrictions(1, entry.id - 1);
    if (standing?.id === entry.id && (await isRestrictedNow(keyring, entry))) restricted++;
  }
  return restricted;
}

/** False: forgotten meanwhile. */
async function isRestrictedNow(keyring: Keyring, { userRef }: LoggedEntry): Promise<boolean> {
  try {
    await keyring.restrict(userRef);
    return true;
  } catch (error) {
    if (error instanceof KeyringError && error.code === 'USER_FORGOTTEN') return false;
    throw error;
  }
}

function tell(logger: Logger, { standing, restrictedAgain, unlogged }: RestrictionCheck): void {
  if (restrictedAgain > 0)
    logger.error(
      `${restrictedAgain} restrictions of the privacy log were not in the key topic: it was restored from a copy of before, or they failed. They stand again.`,
      { standing, restrictedAgain },
    );
  if (unlogged > 0)
    logger.error(
      `${unlogged} users are restricted in the key topic and not by the privacy log, where a copy of before a lifting was restored, or the log is older. They stay restricted: say anew what holds.`,
      { unlogged },
    );
}
