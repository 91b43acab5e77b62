import type { Clock } from '@oubliette/runtime';
import type { ReadPolicy } from '../deadlines/deadline-policy.js';
import type { LegalCalendar } from '../deadlines/legal-calendar.js';
import { PrivacyError } from '../errors.js';
import type { Erasure, ErasureState } from '../ports.js';
import type { Ledger } from './ledger.js';

export interface ExtensionsParts {
  readonly ledger: Ledger;
  readonly policy: ReadPolicy;
  readonly calendar: LegalCalendar;
  readonly clock: Clock;
}

const open: readonly ErasureState[] = ['requested', 'held', 'forgotten'];

/** The longer deadline that a law gives, once. */
export class Extensions {
  constructor(private readonly parts: ExtensionsParts) {}

  /** Rejects with ERASURE_MISSING and DEADLINE_NOT_EXTENDABLE. */
  async extend(erasureId: string, reason: string): Promise<Erasure> {
    const { ledger, policy, calendar, clock } = this.parts;
    const now = Math.floor(clock.now());
    const { extended, law } = policy;
    const { state } = await ledger.standing(erasureId);
    if (state === 'erased') throw notExtendable('it is done');
    return ledger.move(erasureId, open, ({ extension, requestedAt, deadline }) => {
      if (extended === null) throw notExtendable(`${law} knows no extension`);
      if (extension !== null) throw notExtendable('it was extended already');
      if (now >= deadline) throw notExtendable('its deadline has passed');
      return { extension: { at: now, reason }, deadline: calendar.endOf(extended, requestedAt) };
    });
  }
}

function notExtendable(why: string): PrivacyError {
  return new PrivacyError(
    'DEADLINE_NOT_EXTENDABLE',
    `The deadline of this erasure cannot be extended: ${why}.`,
  );
}
