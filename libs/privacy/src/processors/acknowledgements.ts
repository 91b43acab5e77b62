import type { RecordProducer } from '@oubliette/kafka';
import { Periodic, type Clock } from '@oubliette/runtime';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import { codeOf } from '../errors.js';
import type { Logger } from '../logger.js';
import type { Erasure, ErasureStore } from '../ports.js';
import type { Acknowledgement, AcknowledgementStore, GivenAnswer } from './acknowledgement.js';
import { checkProcessors } from './check-answer.js';
import type { ErasureMessages } from './erasure-messages.js';
import type { AddressedAnswer } from './erasure-question.js';
import { nextAskAt } from './reminder-schedule.js';

export interface AcknowledgementsParts {
  /** Who is asked about every user that is forgotten from now on: 100 at most. */
  readonly processors: readonly string[];
  readonly store: AcknowledgementStore;
  readonly erasures: Pick<ErasureStore, 'get' | 'getAll'>;
  readonly messages: Pick<ErasureMessages, 'question' | 'settled'>;
  readonly producer: Pick<RecordProducer, 'send'>;
  readonly certificates?: Pick<CertificateRegister, 'issue'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** `unexpected`: nobody asked this processor about that erasure. `different`: it had said something else, which stands. */
export type Received = 'taken' | 'repeated' | 'different' | 'unexpected';

const everyMs = 60_000;
/** Erasures that are asked about together; and how often in one look, so that a look ends. */
const batchErasures = 1_000;
const mostBatches = 100;

/**
 * Asks processors about users who were forgotten, reminds them, and keeps the first answer of each. The rows in the store come before the
 * question and the answer before anything made of it, so that after a crash whatever was begun is done again.
 */
export class Acknowledgements {
  readonly #parts: AcknowledgementsParts;
  readonly #processors: readonly string[];
  #looking: Promise<void> = Promise.resolve();
  #looks: Periodic | null = null;
  #closed = false;

  /** Throws PrivacyError PROCESSOR_INVALID. */
  constructor(parts: AcknowledgementsParts) {
    this.#parts = parts;
    this.#processors = checkProcessors(parts.processors);
  }

  /** Asks what is due now, and once a minute from now on. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#closed) return;
    this.#looks = new Periodic(this.#parts.clock, { everyMs }, () => this.#look());
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looks?.stop();
    await this.#looking;
  }

  /** Resolves once it is kept that the processors are to be asked; they are at once, or as soon as it can be. Rejects as the store does. */
  async about(forgotten: readonly Erasure[]): Promise<void> {
    if (forgotten.length === 0 || this.#processors.length === 0) return;
    const ids = forgotten.map(({ erasureId }) => erasureId);
    await this.#parts.store.open(ids, this.#processors, this.#now());
    if (!this.#closed) void this.#look();
  }

  /** Takes an answer that came at `at` (ms since the Unix epoch). Rejects as the store does: then it must come again. */
  async receive({ erasureId, processor, answer }: AddressedAnswer, at: number): Promise<Received> {
    const given: GivenAnswer = {
      erasureId,
      processor,
      outcome: answer.outcome,
      answeredAt: Math.floor(at),
      reason: answer.outcome === 'refused' ? answer.reason : null,
      text: answer.outcome === 'refused' ? (answer.note ?? null) : answer.proof,
    };
    const isFirst = await this.#parts.store.answer(given);
    const rows = (await this.#parts.store.of([erasureId])).get(erasureId) ?? [];
    const standing = rows.find((row) => row.processor === processor);
    if (standing === undefined) return this.#odd('unexpected', given);
    // Also for an answer that was taken before a crash: what follows from it may not have been done.
    if (rows.every(({ outcome }) => outcome !== 'outstanding')) await this.#complete(erasureId, rows);
    if (isFirst) return 'taken';
    return isSame(standing, given) ? 'repeated' : this.#odd('different', given);
  }

  /** One after the other; never rejects. */
  #look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#askDue());
    return this.#looking;
  }

  async #askDue(): Promise<void> {
    const { store, logger } = this.#parts;
    try {
      for (let batch = 0; batch < mostBatches && !this.#closed; batch++) {
        const due = await store.due(this.#now(), batchErasures);
        if (due.length > 0) await this.#ask(due);
        if (due.length < batchErasures) return;
      }
    } catch (error) {
      logger.warn('Processors could not be asked about erasures; tried again within a minute.', {
        error: codeOf(error),
      });
    }
  }

  async #ask(erasureIds: readonly string[]): Promise<void> {
    const { store, erasures, messages, producer } = this.#parts;
    const rows = await store.of(erasureIds);
    const known = await erasures.getAll(erasureIds);
    const asked: { readonly erasure: Erasure; readonly open: readonly Acknowledgement[] }[] = [];
    for (const erasureId of erasureIds) {
      const erasure = known.get(erasureId);
      const open = (rows.get(erasureId) ?? []).filter(({ outcome }) => outcome === 'outstanding');
      if (erasure === undefined) await this.#giveUp(open);
      else if (open.length > 0) asked.push({ erasure, open });
    }
    // Sent first: a crash before it is noted asks once more, and no question is lost.
    await producer.send(
      asked.map(({ erasure: { erasureId, userRef, lifecycle, requestedAt, deadline }, open }) => {
        const processors = open.map(({ processor }) => processor);
        return messages.question({ erasureId, userRef, lifecycle, requestedAt, deadline, processors });
      }),
    );
    const now = this.#now();
    const byNext = new Map<number | null, Acknowledgement[]>();
    for (const { erasure, open } of asked)
      for (const row of open) {
        const dueAt = nextAskAt(row.asks + 1, now, erasure.deadline);
        const same = byNext.get(dueAt) ?? [];
        byNext.set(dueAt, same);
        same.push(row);
        this.#complain(row, dueAt, erasure.deadline);
      }
    for (const [dueAt, due] of byNext) await store.asked(due, now, dueAt);
  }

  #complain({ erasureId, processor, asks }: Acknowledgement, dueAt: number | null, deadline: number): void {
    const { logger } = this.#parts;
    if (dueAt === null)
      logger.error('A processor never answered about an erasure; it is not asked again.', {
        erasureId,
        processor,
        asks,
      });
    else if (asks > 0 && this.#now() >= deadline)
      logger.warn('A processor has not answered about an erasure that is overdue.', {
        erasureId,
        processor,
        asks,
      });
  }

  /** A ledger that was restored from before the request has no such erasure: there is nothing to ask about. */
  async #giveUp(open: readonly Acknowledgement[]): Promise<void> {
    const { store, logger } = this.#parts;
    logger.error('A processor was to be asked about an erasure that is not in the ledger.', {
      erasureId: open[0]?.erasureId ?? '',
    });
    await store.asked(open, this.#now(), null);
  }

  /** All have answered. What fails here is made up for: a certificate when it is asked for; a question that stays is answered again. */
  async #complete(erasureId: string, rows: readonly Acknowledgement[]): Promise<void> {
    const { erasures, messages, producer, certificates, logger } = this.#parts;
    try {
      const erasure = await erasures.get(erasureId);
      if (erasure?.state === 'erased') await certificates?.issue([erasure]);
      const processors = rows.map(({ processor }) => processor);
      await producer.send(messages.settled(erasureId, processors));
    } catch (error) {
      logger.warn('All processors have answered; the certificate is issued when somebody asks for it.', {
        erasureId,
        error: codeOf(error),
      });
    }
  }

  #odd(what: 'unexpected' | 'different', { erasureId, processor, outcome }: GivenAnswer): Received {
    const message =
      what === 'unexpected'
        ? 'Somebody who was not asked answered about an erasure; nothing is kept of it. Name it in `processors`.'
        : 'A processor answered about an erasure again, otherwise than before; the first answer stands.';
    this.#parts.logger.warn(message, { erasureId, processor, outcome });
    return what;
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now());
  }
}

function isSame(standing: Acknowledgement, { outcome, reason, text }: GivenAnswer): boolean {
  return standing.outcome === outcome && standing.reason === reason && standing.text === text;
}
