import { wordFromAscii } from './hex-words.js';
import { GENERAL_PURPOSE, type KeyScope, type PurposeTag } from './key-scope.js';
import type { UserRef } from './keyring.js';
import type { KeyLogRecord } from './key-log.js';

/** What a record key of the key log names (SPEC.md, section 4). */
export type RecordName =
  | { readonly kind: 'user-key'; readonly userRef: UserRef; readonly kid: string }
  | ({ readonly kind: 'fence'; readonly userRef: UserRef } & KeyScope)
  | { readonly kind: 'restriction'; readonly userRef: UserRef; readonly lifecycle: number }
  | { readonly kind: 'deployment'; readonly id: string }
  | { readonly kind: 'pepper'; readonly id: string }
  | { readonly kind: 'nudge' };

const NAME =
  /^(?:(?<userRef>[0-9a-f]{32})(?:#(?<kid>[0-9a-f]{16})|(?:\/(?<lifecycle>[1-9][0-9]{0,8}))?(?::(?<purpose>[0-9a-f]{8})\.(?<generation>[1-9][0-9]{0,8})|(?<restriction>!restriction))?)|!deployment#(?<id>[0-9a-f]{16})|!pepper#(?<pepper>[0-9a-f]{16})|(?<nudge>!nudge))$/;
const encoder = new TextEncoder();
/** Words of a user key's name: userRef 4, kid 2. */
export const NAME_WORDS = 6;
export const USER_REF_WORDS = 4;
const USER_REF_DIGITS = 32;
const USER_KEY_NAME_BYTES = USER_REF_DIGITS + 1 + 16;
const HASH = 0x23;

/** null for a key that this version does not know. */
export function parseRecordKey(key: Uint8Array | string): RecordName | null {
  const text =
    typeof key === 'string'
      ? key
      : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const parts = NAME.exec(text)?.groups;
  if (!parts) return null;
  const { userRef, kid, lifecycle, id, pepper } = parts;
  if (userRef !== undefined && kid !== undefined) {
    return { kind: 'user-key', userRef: userRef as UserRef, kid };
  }
  if (userRef !== undefined && parts['restriction'] !== undefined) {
    return lifecycle === '1'
      ? null
      : { kind: 'restriction', userRef: userRef as UserRef, lifecycle: Number(lifecycle ?? 1) };
  }
  if (userRef !== undefined) return parseFence(userRef as UserRef, parts);
  if (id !== undefined) return { kind: 'deployment', id };
  if (pepper !== undefined) return { kind: 'pepper', id: pepper };
  return { kind: 'nudge' };
}

/** What is 1, and the general purpose, is left out of a fence's name, and never written: one name a fence. */
function parseFence(
  userRef: UserRef,
  { lifecycle, purpose, generation }: Partial<Record<string, string>>,
): RecordName | null {
  if (lifecycle === '1' || purpose === GENERAL_PURPOSE) return null;
  return {
    kind: 'fence',
    userRef,
    lifecycle: Number(lifecycle ?? 1),
    purpose: (purpose ?? GENERAL_PURPOSE) as PurposeTag,
    generation: Number(generation ?? 1),
  };
}

export function userKeyName(userRef: UserRef, kid: string): Uint8Array {
  return encoder.encode(`${userRef}#${kid}`);
}

export function fenceName(userRef: UserRef, { lifecycle, purpose, generation }: KeyScope): Uint8Array {
  const user = lifecycleName(userRef, lifecycle);
  return encoder.encode(purpose === GENERAL_PURPOSE ? user : `${user}:${purpose}.${generation}`);
}

export function restrictionName(userRef: UserRef, lifecycle: number): Uint8Array {
  return encoder.encode(`${lifecycleName(userRef, lifecycle)}!restriction`);
}

function lifecycleName(userRef: UserRef, lifecycle: number): string {
  return lifecycle === 1 ? userRef : `${userRef}/${lifecycle}`;
}

export function deploymentName(id: string): Uint8Array {
  return encoder.encode(`!deployment#${id}`);
}

export function pepperName(id: string): Uint8Array {
  return encoder.encode(`!pepper#${id}`);
}

/** A record without meaning that lets a segment roll, and with it the cleaner reach what stands before it. */
export function nudgeRecord(): KeyLogRecord {
  return { key: encoder.encode('!nudge'), value: Uint8Array.of(1) };
}

/**
 * Reads the name of a user key's record into `words` (userRef 4, kid 2) without making anything: `parseRecordKey` says the
 * same in simple terms. False for any other record key.
 */
export function readUserKeyName(key: Uint8Array, words: Uint32Array): boolean {
  if (key.length !== USER_KEY_NAME_BYTES || key[USER_REF_DIGITS] !== HASH) return false;
  for (let index = 0; index < NAME_WORDS; index++) {
    const word = wordFromAscii(key, index * 8 + (index < USER_REF_WORDS ? 0 : 1));
    if (word < 0) return false;
    words[index] = word;
  }
  return true;
}
