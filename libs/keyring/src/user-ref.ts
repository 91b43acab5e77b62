import { KeyringError } from './errors.js';
import { toHex } from './hex.js';
import type { UserRef } from './keyring.js';
import { MAC_BYTES, type Sodium } from './crypto/sodium.js';

/** Longest user id in UTF-8 bytes. */
export const MAX_USER_ID_BYTES = 512;

const LONE_SURROGATE = /\p{Surrogate}/u;
const USER_REF = /^[0-9a-f]{32}$/;
const PARTITION_DIGITS = 8;
const DIGIT_0 = 0x30;
const LETTER_A = 0x61;

/** Keyed BLAKE2b-128 of the id's UTF-8 bytes in hex (SPEC.md, section 3). Throws `USER_ID_INVALID`. */
export function hashUserId(sodium: Sodium, key: Uint8Array, userId: string): UserRef {
  const bytes = Buffer.from(userId, 'utf8');
  if (bytes.length === 0) throw new KeyringError('USER_ID_INVALID', 'The user id is empty: give one.');
  if (bytes.length > MAX_USER_ID_BYTES) {
    throw new KeyringError(
      'USER_ID_INVALID',
      `The user id has ${bytes.length} bytes; at most ${MAX_USER_ID_BYTES} are allowed.`,
    );
  }
  // Two ids with different lone surrogates would become the same UTF-8 bytes, and two users one.
  if (LONE_SURROGATE.test(userId)) {
    throw new KeyringError(
      'USER_ID_INVALID',
      'The user id is not well-formed Unicode: it has a lone surrogate.',
    );
  }
  const userRef = toHex(sodium.mac(key, bytes, MAC_BYTES)) as UserRef;
  // It stood in memory that other buffers are cut from.
  bytes.fill(0);
  return userRef;
}

/** True for 32 lower-case hex digits. */
export function isUserRef(text: string): text is UserRef {
  return USER_REF.test(text);
}

/** The text as a pseudonym, e.g. from a table or a record's key. Throws `USER_REF_INVALID`. */
export function parseUserRef(text: string): UserRef {
  if (isUserRef(text)) return text;
  throw new KeyringError(
    'USER_REF_INVALID',
    'A user pseudonym is 32 lower-case hex digits; this text is not.',
  );
}

/** The partition of the key log that holds everything about the user: its first 32 bits modulo the count. */
export function partitionOfUser(userRef: UserRef, partitionCount: number): number {
  // Asked for every value: cutting and parsing the text takes ten times as long.
  let word = 0;
  for (let index = 0; index < PARTITION_DIGITS; index++) {
    const code = userRef.charCodeAt(index);
    word = 16 * word + (code < LETTER_A ? code - DIGIT_0 : code - LETTER_A + 10);
  }
  return word % partitionCount;
}
