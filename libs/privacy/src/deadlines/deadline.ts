import type { ReadPolicy } from './deadline-policy.js';
import type { LegalCalendar } from './legal-calendar.js';

/** What a request must keep. Times in ms since the Unix epoch. */
export interface Deadline {
  readonly law: string;
  /** The first moment at which it is overdue. */
  readonly at: number;
  /** The latest moment to forget the user, so that the bytes are gone by then; null where nothing bounds how long that takes. */
  readonly actBy: number | null;
}

export type Urgency = 'in time' | 'endangered' | 'overdue';

/** `boundMs`: the longest from *forgotten* to *erased*, ms; null is unbounded. An extension counts from the request. */
export function deadlineOf(
  policy: ReadPolicy,
  calendar: LegalCalendar,
  request: { readonly requestedAt: number; readonly isExtended: boolean; readonly boundMs: number | null },
): Deadline {
  const { requestedAt, isExtended, boundMs } = request;
  const period = isExtended ? (policy.extended ?? policy.period) : policy.period;
  const at = calendar.endOf(period, requestedAt);
  return { law: policy.law, at, actBy: boundMs === null ? null : at - boundMs };
}

/**
 * Of a request that is not done yet at `now`: endangered is one whose user was not forgotten by the latest moment, or whose erasure nothing
 * bounds.
 */
export function urgencyOf({ at, actBy }: Deadline, isForgotten: boolean, now: number): Urgency {
  if (now >= at) return 'overdue';
  return isForgotten || (actBy !== null && now < actBy) ? 'in time' : 'endangered';
}
