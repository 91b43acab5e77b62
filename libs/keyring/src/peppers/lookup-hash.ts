import { ByteWriter } from '../byte-writer.js';
import { MAC_BYTES, type Sodium } from '../crypto/sodium.js';
import { toHex } from '../hex.js';

/** What a row of a look-up holds in place of a value: `MAC(pepper, lp(index) ‖ value)` (SPEC-PEPPERS.md). 32 hex digits. */
export function lookupHash(sodium: Sodium, pepper: Uint8Array, index: string, value: Uint8Array): string {
  const message = new ByteWriter().text(index).bytes(value).finish();
  const hash = toHex(sodium.mac(pepper, message, MAC_BYTES));
  message.fill(0);
  return hash;
}
