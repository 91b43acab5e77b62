import type { Erasure } from '../ports.js';

/** An erasure that was just requested, for tests; what is not given is usual. */
export function requestedErasure(
  erasure: Pick<Erasure, 'erasureId' | 'userRef'> & Partial<Erasure>,
): Erasure {
  const { requestedAt = 1_700_000_000_000 } = erasure;
  return {
    lifecycle: 1,
    revision: 0,
    state: 'requested',
    requestedAt,
    updatedAt: requestedAt,
    law: 'GDPR Art. 12(3)',
    deadline: requestedAt + 2_592_000_000,
    extension: null,
    hold: null,
    keys: null,
    boundMs: null,
    forgottenAt: null,
    erasedAt: null,
    note: null,
    evidence: null,
    topics: [],
    ...erasure,
  };
}
