import { KEY_BYTES, type Sodium } from './crypto/sodium.js';

/** Keys derived from a deployment's root secret, one a purpose (SPEC.md, section 2). 32 bytes each. */
export interface Subkeys {
  readonly userRef: Uint8Array;
  readonly envelopeHeader: Uint8Array;
  readonly fence: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly purpose: Uint8Array;
  readonly statement: Uint8Array;
  readonly recordName: Uint8Array;
}

const encoder = new TextEncoder();

/** Keyed BLAKE2b-256 of the purpose's name under the root: a hash used as a key derivation (RFC 7693). */
export function deriveSubkeys(sodium: Sodium, root: Uint8Array): Subkeys {
  const derive = (purpose: string) => sodium.mac(root, encoder.encode(`oubliette/v1/${purpose}`), KEY_BYTES);
  return {
    userRef: derive('user-ref'),
    envelopeHeader: derive('envelope-header'),
    fence: derive('fence'),
    fingerprint: derive('key-fingerprint'),
    purpose: derive('purpose'),
    statement: derive('statement'),
    recordName: derive('record-name'),
  };
}

export function wipeSubkeys(subkeys: Subkeys): void {
  for (const key of Object.values(subkeys) as Uint8Array[]) key.fill(0);
}
