import type { UserRef } from '@oubliette/keyring';

/** What a record's key says. The key is not authenticated: it was the writer's word alone until the record was decoded. */
export interface RecordKey {
  readonly userRef: UserRef;
  /** The user's lifecycle that the record was sealed in; null for a key that is the pseudonym alone. */
  readonly lifecycle: number | null;
  /** 32 lower-case hex digits, a keyed hash of the property that names the record; null beside a lifecycle of null. */
  readonly name: string | null;
}

const RECORD_KEY = /^(?<userRef>[0-9a-f]{32})(?:#(?<lifecycle>[1-9][0-9]{0,8})#(?<name>[0-9a-f]{32}))?$/;

/**
 * `<userRef>#<lifecycle>#<name>` (README.md). The lifecycle is part of the key, so that a tombstone for what was written before a user was
 * forgotten never takes what the user wrote since: Kafka has no compare-and-set.
 */
export function writeRecordKey(userRef: UserRef, lifecycle: number, name: string): Uint8Array {
  return Buffer.from(`${userRef}#${lifecycle}#${name}`, 'latin1');
}

/** null for what is no key of a user's record. A pseudonym alone reads with a lifecycle and a name of null. */
export function readRecordKey(key: Uint8Array | string): RecordKey | null {
  const text =
    typeof key === 'string'
      ? key
      : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const parts = RECORD_KEY.exec(text)?.groups;
  if (parts === undefined) return null;
  const { userRef, lifecycle, name } = parts;
  return {
    userRef: userRef as UserRef,
    lifecycle: lifecycle === undefined ? null : Number(lifecycle),
    name: name ?? null,
  };
}

/** The key of a user's record: the pseudonym alone where nothing names it. */
export function writeKeyOf(userRef: UserRef, lifecycle: number, name: string | null): Uint8Array {
  return name === null ? Buffer.from(userRef, 'latin1') : writeRecordKey(userRef, lifecycle, name);
}

/** What the key of a record of this user says; null for any other key. */
export function readKeyOf(userRef: UserRef, key: Uint8Array | null): RecordKey | null {
  if (key === null || !beginsWith(key, userRef)) return null;
  return key.length === userRef.length ? { userRef, lifecycle: null, name: null } : readRecordKey(key);
}

/** A pseudonym is ASCII: one byte a character. */
function beginsWith(key: Uint8Array, userRef: UserRef): boolean {
  if (key.length < userRef.length) return false;
  for (let index = 0; index < userRef.length; index++) {
    if (key[index] !== userRef.charCodeAt(index)) return false;
  }
  return true;
}
