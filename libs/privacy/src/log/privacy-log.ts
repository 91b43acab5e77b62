import type { UserRef } from '@oubliette/keyring';
import { PrivacyError } from '../errors.js';

const kinds = [
  'restricted',
  'restriction-lifted',
  'restricted-read',
  'held',
  'hold-lifted',
  'purpose-withdrawn',
  'purpose-granted',
] as const;

/** What was done. `restricted-read`: personal data of a restricted user was opened under a permit. */
export type PrivacyLogKind = (typeof kinds)[number];

/** An act upon a user's data that somebody must be able to account for (Art. 5(2) GDPR). No personal value. */
export interface PrivacyLogEntry {
  /** ms since the Unix epoch. */
  readonly at: number;
  readonly kind: PrivacyLogKind;
  readonly userRef: UserRef;
  /** Why, in a code or a few words that name nobody: as `checkReason` has it. Of a purpose: which one. */
  readonly reason: string;
  /** The erasure that it is about; null where it is about none. */
  readonly erasureId: string | null;
}

export interface LoggedEntry extends PrivacyLogEntry {
  /** Grows with each entry, with gaps. */
  readonly id: number;
}

/** The trail of such acts: entries are added, and never changed or taken away. */
export interface PrivacyLog {
  /** Resolves once it is durable. Rejects with `REASON_INVALID` or `LOG_ENTRY_INVALID`, and writes nothing then. */
  append(entry: PrivacyLogEntry): Promise<LoggedEntry>;
  /** At most `limit` (1 or more), newest first: those whose id is below `before`, else from the newest on. */
  list(limit: number, before?: number): Promise<LoggedEntry[]>;
  /** The same of one user. */
  ofUser(userRef: UserRef, limit: number, before?: number): Promise<LoggedEntry[]>;
  /** Of these users those under a hold: the entry that placed it, which none has lifted since. */
  heldAmong(userRefs: readonly UserRef[]): Promise<ReadonlyMap<UserRef, LoggedEntry>>;
  /** At most `limit` (1 or more), oldest first, of the restrictions that none has lifted since, a user's last alone: those whose id is above `after`. */
  standingRestrictions(limit: number, after?: number): Promise<LoggedEntry[]>;
}

export const MAX_REASON_LENGTH = 200;
const reasonShape = /^[\p{L}\p{N}](?:[\p{L}\p{N} .,:;()/§#_+-]*[\p{L}\p{N}.)])?$/u;
const shortestIdSought = 4;

/**
 * A reason as it may stand in a log that nobody can take anything out of: 1 to 200 letters, digits, spaces and `.,:;()/§#_+-`, so no
 * address of mail or of the web, and not the user's own id. Throws `REASON_INVALID`, which does not repeat it. That it names nobody, no
 * program can tell: give a code or a ticket's number.
 */
export function checkReason(reason: string, userId?: string): string {
  if (reason.length > MAX_REASON_LENGTH || !reasonShape.test(reason)) {
    throw invalidReason(
      `has 1 to ${MAX_REASON_LENGTH} letters, digits, spaces and .,:;()/§#_+- and begins with a letter or digit`,
    );
  }
  if (userId !== undefined && userId.length >= shortestIdSought && holds(reason, userId))
    throw invalidReason('must not hold the id of the user: the log stays when the user is gone');
  return reason;
}

/** Also in other letters of the same text, and as programs write it. */
function holds(reason: string, userId: string): boolean {
  const bytes = Buffer.from(userId, 'utf8');
  const spellings = [
    userId,
    ...(['hex', 'base64', 'base64url'] as const).map((form) => bytes.toString(form)),
  ];
  const plain = (text: string): string => text.normalize('NFKC').toLowerCase();
  return spellings.some((spelling) => plain(reason).includes(plain(spelling.replace(/=+$/, ''))));
}

/** For whoever keeps the log: an entry as it may be written. Throws as `append` rejects. */
export function checkEntry(entry: PrivacyLogEntry): PrivacyLogEntry {
  checkReason(entry.reason);
  if (!kinds.includes(entry.kind)) throw invalidEntry(`its kind is none of ${kinds.join(', ')}`);
  if (!/^[0-9a-f]{32}$/.test(entry.userRef)) throw invalidEntry('its userRef is no pseudonym');
  if (!Number.isSafeInteger(entry.at) || entry.at < 0)
    throw invalidEntry('its time is no count of milliseconds');
  return entry;
}

function invalidReason(what: string): PrivacyError {
  return new PrivacyError('REASON_INVALID', `A reason ${what}. Give a code or a ticket's number.`);
}

function invalidEntry(what: string): PrivacyError {
  return new PrivacyError('LOG_ENTRY_INVALID', `An entry of the privacy log is refused: ${what}.`);
}
