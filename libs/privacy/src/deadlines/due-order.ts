import type { Erasure } from '../ports.js';
import { standingOf } from './deadline-watch.js';
import type { Urgency } from './deadline.js';

const rank: Readonly<Record<Urgency, number>> = { overdue: 0, endangered: 1, 'in time': 2 };

export interface DueQuestion {
  /** The longest from *forgotten* to *erased* by the settings in force, ms; null: unbounded. */
  readonly boundMs: number | null;
  /** ms since the Unix epoch. */
  readonly now: number;
  /** Of those in time only the ones whose deadline is at most so many ms away; without: all. */
  readonly withinMs?: number;
}

/** What somebody must see to, ahead: overdue, then endangered, then the others; each by deadline, then in the ledger's order. */
export function inOrderOfDue(
  erasures: readonly Erasure[],
  { boundMs, now, withinMs = Number.POSITIVE_INFINITY }: DueQuestion,
): Erasure[] {
  return erasures
    .map((erasure) => ({ erasure, place: rank[standingOf(erasure, boundMs, now).urgency] }))
    .filter(({ erasure, place }) => place < rank['in time'] || erasure.deadline - now <= withinMs)
    .sort((a, b) => a.place - b.place || byDeadline(a.erasure, b.erasure))
    .map(({ erasure }) => erasure);
}

function byDeadline(a: Erasure, b: Erasure): number {
  const apart = a.deadline - b.deadline || a.requestedAt - b.requestedAt;
  return apart !== 0 ? apart : a.erasureId < b.erasureId ? -1 : 1;
}
