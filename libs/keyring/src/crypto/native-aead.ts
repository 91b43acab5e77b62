import { assertKeySizes, assertSealSizes, TAG_BYTES, type Aead, type AeadName } from './aead.js';

/** The package by name, loaded only when it is there: an optional peer, so nothing of it is imported for types either. */
const PACKAGE = 'sodium-native';

/** What of sodium-native 5 is called. */
export interface SodiumNative {
  crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: Uint8Array,
    message: Uint8Array,
    ad: Uint8Array | null,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  /** Throws for a tag that does not fit. */
  crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: Uint8Array,
    secretNonce: null,
    ciphertext: Uint8Array,
    ad: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
}

/** libsodium compiled for this machine. It works on the caller's memory and keeps nothing. */
export class NativeAead implements Aead {
  readonly name: AeadName = 'sodium-native';
  readonly #sodium: SodiumNative;

  constructor(sodium: SodiumNative) {
    this.#sodium = sodium;
  }

  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    assertSealSizes(key, nonce, plaintext, out);
    this.#sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(out, plaintext, orNone(ad), null, nonce, key);
  }

  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
    assertKeySizes(key, nonce);
    if (ciphertext.length < TAG_BYTES) return null;
    const plaintext = new Uint8Array(ciphertext.length - TAG_BYTES);
    try {
      this.#sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plaintext,
        null,
        ciphertext,
        orNone(ad),
        nonce,
        key,
      );
    } catch {
      // Sizes were checked, so this is the tag; libsodium writes zeros then.
      return null;
    }
    return plaintext;
  }
}

function orNone(ad: Uint8Array): Uint8Array | null {
  return ad.length === 0 ? null : ad;
}

/**
 * The driver when sodium-native is installed and loads; otherwise null with the reason (the system's code, for a log):
 * `ERR_MODULE_NOT_FOUND` where it is not installed, another where its addon does not run on this machine.
 */
export async function loadNativeAead(): Promise<{ aead: Aead | null; reason: string | null }> {
  try {
    const { default: sodium } = (await import(PACKAGE)) as { default: Partial<SodiumNative> };
    if (!isSuitable(sodium)) return { aead: null, reason: 'UNSUITABLE' };
    return { aead: new NativeAead(sodium), reason: null };
  } catch (error) {
    return { aead: null, reason: codeOf(error) };
  }
}

function isSuitable(sodium: Partial<SodiumNative>): sodium is SodiumNative {
  return (
    typeof sodium.crypto_aead_xchacha20poly1305_ietf_encrypt === 'function' &&
    typeof sodium.crypto_aead_xchacha20poly1305_ietf_decrypt === 'function'
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
