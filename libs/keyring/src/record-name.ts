import { MAC_BYTES, type Sodium } from './crypto/sodium.js';
import { fromHex, toHex } from './hex.js';
import type { UserRef } from './keyring.js';

/** Keyed BLAKE2b-128 of the pseudonym and the text's UTF-8 bytes in hex (SPEC.md, section 3). */
export function hashRecordName(sodium: Sodium, key: Uint8Array, userRef: UserRef, text: string): string {
  const user = fromHex(userRef);
  const bytes = Buffer.alloc(user.length + Buffer.byteLength(text, 'utf8'));
  bytes.set(user);
  bytes.write(text, user.length, 'utf8');
  const name = toHex(sodium.mac(key, bytes, MAC_BYTES));
  // The text may be personal.
  bytes.fill(0);
  return name;
}
