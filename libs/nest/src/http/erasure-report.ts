import type { Acknowledgement, ErasedTopic, Erasure, Hold } from '@oubliette/privacy';
import type { ErasureStanding } from '../engine/engine.js';

/** Answer to a request to forget. Times as ISO 8601. */
export interface ErasureAccepted {
  readonly erasureId: string;
  readonly state: Erasure['state'];
  readonly deadline: string;
}

/** How far an erasure has got: pseudonymous, and without the pseudonym. */
export interface ErasureReport extends ErasureAccepted {
  /** Longest time in ms from *forgotten* to *erased* that the topics' settings allow; null: unbounded. */
  readonly bound: number | null;
  readonly requestedAt: string;
  readonly forgottenAt: string | null;
  readonly erasedAt: string | null;
  readonly note: string | null;
  /** What sets the deadline. */
  readonly law: string;
  /** The latest moment to forget the user so that the bytes are gone in time; null: nothing bounds how long that takes. */
  readonly actBy: string | null;
  readonly urgency: ErasureStanding['urgency'];
  readonly extension: { readonly at: string; readonly reason: string } | null;
  readonly hold: HoldReport | null;
  /** What processors said, by name. */
  readonly acknowledgements: readonly AcknowledgementReport[];
  /** The topics from which the user's records go too. */
  readonly topics: readonly TopicReport[];
}

/** How an erasure stands in one topic. */
export interface TopicReport {
  readonly topic: string;
  readonly way: ErasedTopic['way'];
  /** As of the erasure, of this topic. */
  readonly bound: number | null;
  /** True: none of the user's records is left. */
  readonly gone: boolean;
}

/** How one processor stands to an erasure. Times as ISO 8601. */
export interface AcknowledgementReport {
  readonly processor: string;
  readonly outcome: Acknowledgement['outcome'];
  /** How often it was asked, and when the last time; null: not yet. */
  readonly asks: number;
  readonly askedAt: string | null;
  /** When it answered; null: not yet. */
  readonly at: string | null;
  /** Of a refusal: Art. 17(3) GDPR. */
  readonly reason: Acknowledgement['reason'];
  /** Its proof, or the note to its refusal. */
  readonly text: string | null;
}

/** A legal hold. Times as ISO 8601. */
export interface HoldReport {
  readonly at: string;
  readonly reason: string;
  /** null: it stands. */
  readonly liftedAt: string | null;
}

export function accepted(erasure: Erasure): ErasureAccepted {
  return { erasureId: erasure.erasureId, state: erasure.state, deadline: iso(erasure.deadline) };
}

export function report(
  erasure: Erasure,
  { actBy, urgency, acknowledgements }: ErasureStanding,
): ErasureReport {
  const { extension, hold } = erasure;
  return {
    ...accepted(erasure),
    bound: erasure.boundMs,
    requestedAt: iso(erasure.requestedAt),
    forgottenAt: isoOrNull(erasure.forgottenAt),
    erasedAt: isoOrNull(erasure.erasedAt),
    note: erasure.note,
    law: erasure.law,
    actBy: isoOrNull(actBy),
    urgency,
    extension: extension === null ? null : { at: iso(extension.at), reason: extension.reason },
    hold: hold === null ? null : holdReport(hold),
    acknowledgements: acknowledgements.map(acknowledgementReport),
    topics: erasure.topics.map(({ topic, way, boundMs, evidence }) => ({
      topic,
      way,
      bound: boundMs,
      gone: evidence !== null,
    })),
  };
}

function acknowledgementReport({
  processor,
  outcome,
  asks,
  askedAt,
  answeredAt,
  reason,
  text,
}: Acknowledgement): AcknowledgementReport {
  return {
    processor,
    outcome,
    asks,
    askedAt: isoOrNull(askedAt),
    at: isoOrNull(answeredAt),
    reason,
    text,
  };
}

export function holdReport({ at, reason, liftedAt }: Hold): HoldReport {
  return { at: iso(at), reason, liftedAt: isoOrNull(liftedAt) };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
