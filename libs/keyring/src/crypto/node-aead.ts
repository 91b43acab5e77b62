import { createCipheriv, createDecipheriv, getCiphers } from 'node:crypto';
import {
  assertKeySizes,
  assertSealSizes,
  KEY_BYTES,
  secretMemory,
  TAG_BYTES,
  type Aead,
  type AeadName,
} from './aead.js';
import { hchacha20, hchacha20State } from './hchacha20.js';

const CIPHER = 'chacha20-poly1305';
/** RFC 8439's nonce: four zero bytes, then the last eight of XChaCha20's (draft-irtf-cfrg-xchacha-03, section 2.3). */
const IV_BYTES = 12;
const IV_ZEROS = 4;
const NONCE_REST = 16;
const options = { authTagLength: TAG_BYTES };

/**
 * OpenSSL's ChaCha20-Poly1305 under a subkey that HChaCha20 makes for each message. The subkey is overwritten after the
 * message and never kept: one that is used again would need nonces that share their first 16 bytes.
 */
export class NodeAead implements Aead {
  readonly name: AeadName = 'node:crypto';
  readonly #subkey = secretMemory(KEY_BYTES);
  readonly #iv = new Uint8Array(IV_BYTES);
  readonly #state = hchacha20State();

  seal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    assertSealSizes(key, nonce, plaintext, out);
    this.#derive(key, nonce);
    try {
      const cipher = createCipheriv(CIPHER, this.#subkey, this.#iv, options);
      cipher.setAAD(ad, { plaintextLength: plaintext.length });
      out.set(cipher.update(plaintext));
      cipher.final();
      out.set(cipher.getAuthTag(), plaintext.length);
    } finally {
      this.#subkey.fill(0);
    }
  }

  open(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array | null {
    assertKeySizes(key, nonce);
    const length = ciphertext.length - TAG_BYTES;
    if (length < 0) return null;
    this.#derive(key, nonce);
    let plaintext: Buffer | null = null;
    try {
      const decipher = createDecipheriv(CIPHER, this.#subkey, this.#iv, options);
      decipher.setAAD(ad, { plaintextLength: length });
      decipher.setAuthTag(ciphertext.subarray(length));
      plaintext = decipher.update(ciphertext.subarray(0, length));
      decipher.final();
    } catch {
      // OpenSSL throws for a tag that does not fit, and has decrypted by then.
      plaintext?.fill(0);
      return null;
    } finally {
      this.#subkey.fill(0);
    }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }

  #derive(key: Uint8Array, nonce: Uint8Array): void {
    hchacha20(key, nonce, this.#subkey, this.#state);
    this.#iv.set(nonce.subarray(NONCE_REST), IV_ZEROS);
  }
}

/** null where Node was built without ChaCha20-Poly1305 (some FIPS builds). */
export function loadNodeAead(): Aead | null {
  return getCiphers().includes(CIPHER) ? new NodeAead() : null;
}
