import { PrivacyError } from '../errors.js';

/** The times of a question to the guard, in ms. */
export interface QuestionDurations {
  readonly deadlineMs?: number | null | undefined;
  readonly gapMs?: number | undefined;
  readonly queueMs?: number | undefined;
  readonly readersLongestOutageMs?: number | undefined;
  readonly retentionMs?: number | undefined;
  readonly everyMs?: number | undefined;
}

/** Throws PrivacyError GUARD_QUESTION_INVALID for a time that is none: negative, a fraction, beyond 2^53, or no deadline at all. */
export function assertDurations(question: QuestionDurations): void {
  const { deadlineMs, gapMs, queueMs, readersLongestOutageMs, retentionMs, everyMs } = question;
  if (deadlineMs !== undefined && deadlineMs !== null) assertWhole('deadlineMs', deadlineMs, 1);
  // An infinite pause is an idle partition.
  if (gapMs !== undefined && gapMs !== Number.POSITIVE_INFINITY) assertWhole('gapMs', gapMs, 0);
  if (queueMs !== undefined) assertWhole('queueMs', queueMs, 0);
  if (everyMs !== undefined) assertWhole('everyMs', everyMs, 1);
  if (retentionMs !== undefined) assertWhole('retentionMs', retentionMs, 0);
  if (readersLongestOutageMs !== undefined) assertWhole('readersLongestOutageMs', readersLongestOutageMs, 0);
}

function assertWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new PrivacyError(
    'GUARD_QUESTION_INVALID',
    `${name}=${value} is not valid. Give whole milliseconds, from ${least} to ${Number.MAX_SAFE_INTEGER}.`,
  );
}
