import { KeyringError } from './errors.js';
import { toHex } from './hex.js';
import { GENERAL_PURPOSE, type PurposeTag } from './key-scope.js';
import { MAC_BYTES, type Sodium } from './crypto/sodium.js';

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const TAG_BYTES = 4;
/** Purposes are declared in code: more than this are made from data, which may be personal. */
const MOST_PURPOSES = 256;

/** Whether a purpose may be called so. */
export function isPurposeName(name: string): boolean {
  return NAME.test(name);
}

/** The tags of the purposes that this process names: keyed hashes, so that the key topic does not show who agreed to what. */
export class Purposes {
  readonly #sodium: Sodium;
  readonly #key: Uint8Array;
  readonly #tags = new Map<string, PurposeTag>();

  constructor(sodium: Sodium, key: Uint8Array) {
    this.#sodium = sodium;
    this.#key = key;
  }

  /** The tag of a purpose; without a name, of the general one. Throws `PURPOSE_INVALID`. */
  tag(name?: string): PurposeTag {
    if (name === undefined) return GENERAL_PURPOSE;
    const known = this.#tags.get(name);
    if (known !== undefined) return known;
    if (!isPurposeName(name)) {
      throw invalid('A purpose is named by 1 to 64 lower-case letters, digits and hyphens, a letter first.');
    }
    if (this.#tags.size >= MOST_PURPOSES) {
      throw invalid(`More than ${MOST_PURPOSES} purposes: name them in code, never by data.`);
    }
    const tag = toHex(this.#hash(name).subarray(0, TAG_BYTES)) as PurposeTag;
    if (tag === GENERAL_PURPOSE || [...this.#tags.values()].includes(tag)) {
      throw invalid(`The purpose ${name} has the tag of another one in this deployment: name it otherwise.`);
    }
    this.#tags.set(name, tag);
    return tag;
  }

  /** The tag of a purpose that must be named: without a name, ending it would end all that is kept of the user. Throws `PURPOSE_INVALID`. */
  named(name: string | null | undefined): PurposeTag {
    if (typeof name === 'string') return this.tag(name);
    throw invalid('No purpose was named: say which one, or forget the user to end everything.');
  }

  #hash(name: string): Uint8Array {
    return this.#sodium.mac(this.#key, new TextEncoder().encode(name), MAC_BYTES);
  }
}

function invalid(message: string): KeyringError {
  return new KeyringError('PURPOSE_INVALID', message);
}
