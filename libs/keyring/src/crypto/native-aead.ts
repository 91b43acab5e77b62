import { assertKeySizes, assertSealSizes, TAG_BYTES, type Aead, type AeadName } from './aead.js';

/** An optional peer: it is imported by name when it is there, and not for types. */
const PACKAGE = 'sodium-native';
const NOT_INSTALLED = 'ERR_MODULE_NOT_FOUND';

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
 * The driver; null where sodium-native is not installed. One that is installed and does not run on this machine is told as
 * a warning of the process, and gone without: what it does, others do slower. `load` gives the module.
 */
export async function loadNativeAead(
  load: () => Promise<unknown> = () => import(PACKAGE),
): Promise<Aead | null> {
  try {
    const { default: sodium } = (await load()) as { default?: Partial<SodiumNative> };
    if (isSuitable(sodium)) return new NativeAead(sodium);
    warn('it has no XChaCha20-Poly1305');
  } catch (error) {
    const code = codeOf(error);
    if (code !== NOT_INSTALLED) warn(code);
  }
  return null;
}

function warn(reason: string): void {
  process.emitWarning(
    `sodium-native is installed but is not used (${reason}): install version 5.1.0 on a platform it has a prebuilt addon for, or remove it.`,
    { code: 'OUBLIETTE_SODIUM_NATIVE' },
  );
}

function isSuitable(sodium: Partial<SodiumNative> | undefined): sodium is SodiumNative {
  return (
    typeof sodium?.crypto_aead_xchacha20poly1305_ietf_encrypt === 'function' &&
    typeof sodium.crypto_aead_xchacha20poly1305_ietf_decrypt === 'function'
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
