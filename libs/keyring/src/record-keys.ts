import type { UserRef } from './keyring.js';
import type { KeyLogRecord } from './key-log.js';

/** What a record key of the key log names (SPEC.md, section 4). */
export type RecordName =
  | { readonly kind: 'user-key'; readonly userRef: UserRef; readonly kid: string }
  | { readonly kind: 'fence'; readonly userRef: UserRef; readonly lifecycle: number }
  | { readonly kind: 'deployment'; readonly id: string }
  | { readonly kind: 'nudge' };

const NAME =
  /^(?:(?<userRef>[0-9a-f]{32})(?:#(?<kid>[0-9a-f]{16})|\/(?<lifecycle>[1-9][0-9]{0,8}))?|!deployment#(?<id>[0-9a-f]{16})|(?<nudge>!nudge))$/;
const encoder = new TextEncoder();

/** null for a key that this version does not know. */
export function parseRecordKey(key: Uint8Array | string): RecordName | null {
  const text =
    typeof key === 'string'
      ? key
      : Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
  const parts = NAME.exec(text)?.groups;
  if (!parts) return null;
  const { userRef, kid, lifecycle, id } = parts;
  if (userRef !== undefined && kid !== undefined) {
    return { kind: 'user-key', userRef: userRef as UserRef, kid };
  }
  if (userRef !== undefined) return parseFence(userRef as UserRef, lifecycle);
  if (id !== undefined) return { kind: 'deployment', id };
  return { kind: 'nudge' };
}

/** The first lifecycle's fence has the bare pseudonym as its key, and only that: one name a fence. */
function parseFence(userRef: UserRef, lifecycle: string | undefined): RecordName | null {
  if (lifecycle === undefined) return { kind: 'fence', userRef, lifecycle: 1 };
  return lifecycle === '1' ? null : { kind: 'fence', userRef, lifecycle: Number(lifecycle) };
}

export function userKeyName(userRef: UserRef, kid: string): Uint8Array {
  return encoder.encode(`${userRef}#${kid}`);
}

export function fenceName(userRef: UserRef, lifecycle: number): Uint8Array {
  return encoder.encode(lifecycle === 1 ? userRef : `${userRef}/${lifecycle}`);
}

export function deploymentName(id: string): Uint8Array {
  return encoder.encode(`!deployment#${id}`);
}

/** A record without meaning that lets a segment roll, and with it the cleaner reach what stands before it. */
export function nudgeRecord(): KeyLogRecord {
  return { key: encoder.encode('!nudge'), value: Uint8Array.of(1) };
}
