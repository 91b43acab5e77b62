import { Periodic, type Clock } from '@oubliette/runtime';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import { pendingPages } from '../forgetting/pending-pages.js';
import type { Erasure, ErasureStore } from '../ports.js';
import { urgencyOf, type Urgency } from './deadline.js';

/** An erasure that will not keep its deadline, or has not. Times in ms since the Unix epoch. */
export interface DeadlineAlert {
  readonly erasureId: string;
  readonly urgency: Exclude<Urgency, 'in time'>;
  readonly deadline: number;
  /** The latest moment to forget the user; null: nothing bounds how long the bytes stay. */
  readonly actBy: number | null;
}

export interface DeadlineWatchParts {
  readonly store: Pick<ErasureStore, 'pending'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The longest from *forgotten* to *erased* by the settings in force, ms; null: unbounded. */
  readonly boundMs: () => Promise<number | null>;
}

const everyMs = 60_000;

/** Looks once a minute at every request that is not done: a new danger is told of once. Those on hold wait lawfully. */
export class DeadlineWatch {
  readonly #listeners = new Set<(alert: DeadlineAlert) => void>();
  #known = new Map<string, DeadlineAlert>();
  #looks: Periodic | null = null;
  #closed = false;

  constructor(private readonly parts: DeadlineWatchParts) {}

  /** How many were in danger at the last look. */
  counts(): Readonly<Record<DeadlineAlert['urgency'], number>> {
    const counts = { endangered: 0, overdue: 0 };
    for (const { urgency } of this.#known.values()) counts[urgency]++;
    return counts;
  }

  /** Called with every erasure that comes into danger, or from danger to overdue. Returns the unsubscribe. */
  onAlert(listener: (alert: DeadlineAlert) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks now, and from now on. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#closed) return;
    this.#looks = new Periodic(this.parts.clock, { everyMs }, () => this.#look());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looks?.stop();
  }

  async #look(): Promise<void> {
    const { store, clock, boundMs, logger } = this.parts;
    try {
      const bound = await boundMs();
      const alerts: DeadlineAlert[] = [];
      for await (const page of pendingPages(store))
        for (const erasure of page) alerts.push(...alertOf(erasure, bound, clock.now()));
      const before = this.#known;
      this.#known = new Map(alerts.map((alert) => [alert.erasureId, alert]));
      for (const alert of alerts)
        if (before.get(alert.erasureId)?.urgency !== alert.urgency) this.#tell(alert);
    } catch (error) {
      // What was known stands.
      logger.warn('The deadlines of erasures could not be looked at; tried again in a minute.', {
        error: codeOf(error),
      });
    }
  }

  #tell(alert: DeadlineAlert): void {
    const { erasureId, urgency, deadline } = alert;
    this.parts.logger.error(`An erasure is ${urgency}.`, {
      erasureId,
      deadline: new Date(deadline).toISOString(),
    });
    for (const listener of this.#listeners) listener(alert);
  }
}

function alertOf(erasure: Erasure, boundMs: number | null, now: number): DeadlineAlert[] {
  const { erasureId, deadline } = erasure;
  if (erasure.state === 'held') return [];
  const { actBy, urgency } = standingOf(erasure, boundMs, now);
  return urgency === 'in time' ? [] : [{ erasureId, urgency, deadline, actBy }];
}

/** How an erasure stands to its deadline; one that is done is in no danger any more, it was in time or it was not. */
export function standingOf(
  erasure: Erasure,
  boundMs: number | null,
  now: number,
): { readonly actBy: number | null; readonly urgency: Urgency } {
  const { law, deadline: at, forgottenAt, erasedAt } = erasure;
  const bound = forgottenAt === null ? boundMs : erasure.boundMs;
  const actBy = bound === null ? null : at - bound;
  if (erasedAt !== null) return { actBy, urgency: erasedAt < at ? 'in time' : 'overdue' };
  const urgency = urgencyOf({ law, at, actBy }, forgottenAt !== null, now);
  // Its bytes should be gone by now, or nothing says when.
  const isStuck = forgottenAt !== null && (bound === null || now > forgottenAt + bound);
  return { actBy, urgency: urgency === 'in time' && isStuck ? 'endangered' : urgency };
}
