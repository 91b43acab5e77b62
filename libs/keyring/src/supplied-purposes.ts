import type { KeyPolicy } from './key-policy.js';
import type { PurposeTag } from './key-scope.js';
import type { Purposes } from './purposes.js';

/** A purpose with what is asked of its keys. */
export interface SuppliedPurpose {
  readonly tag: PurposeTag;
  readonly policy: KeyPolicy;
}

/** The purposes that this process names, each with the policy of its keys. */
export class SuppliedPurposes {
  /** By name: no more than there may be purposes. */
  readonly #known = new Map<string | undefined, SuppliedPurpose>();

  /** The policies by the purpose's name; the general one's under the empty name. */
  constructor(
    private readonly purposes: Pick<Purposes, 'tag'>,
    private readonly policies: Readonly<Record<string, KeyPolicy>>,
  ) {}

  /** Without a name the general one. Throws `PURPOSE_INVALID`. */
  of(name?: string): SuppliedPurpose {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const supplied = { tag: this.purposes.tag(name), policy: this.policies[name ?? ''] ?? {} };
    this.#known.set(name, supplied);
    return supplied;
  }
}
