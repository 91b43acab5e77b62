import { PrivacyError } from '../errors.js';
import { checkReason } from '../log/privacy-log.js';
import { refusalReasons, type ProcessorAnswer } from './acknowledgement.js';

const nameShape = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const mostProcessors = 100;

/** A processor's name: 1 to 64 of `a-z 0-9 . _ -`, a letter or digit first and last. Throws PrivacyError PROCESSOR_INVALID. */
export function checkProcessor(name: string): string {
  if (nameShape.test(name)) return name;
  throw invalid("a processor's name has 1 to 64 of a-z, 0-9, ., _ and -, a letter or digit first and last");
}

/** Names without one twice, at most 100. Throws PrivacyError PROCESSOR_INVALID. */
export function checkProcessors(names: readonly string[]): readonly string[] {
  if (names.length > mostProcessors) throw invalid(`at most ${mostProcessors} may be named`);
  const checked = names.map(checkProcessor);
  if (new Set(checked).size < checked.length) throw invalid('one is named twice');
  return checked;
}

/**
 * An answer as it may be kept for good. Throws PrivacyError ANSWER_INVALID, and REASON_INVALID for a proof or note that `checkReason`
 * refuses, or that holds the pseudonym.
 */
export function checkAnswer(answer: ProcessorAnswer, userRef?: string): ProcessorAnswer {
  // Whoever answers may be written without types.
  const { outcome, proof, reason, note }: Readonly<Record<string, unknown>> = { ...answer };
  if (outcome === 'erased' && typeof proof === 'string')
    return { outcome, proof: checkReason(proof, userRef) };
  const known = refusalReasons.find((one) => one === reason);
  if (outcome === 'refused' && known !== undefined && (note === undefined || typeof note === 'string'))
    return {
      outcome,
      reason: known,
      ...(note === undefined ? {} : { note: checkReason(note, userRef) }),
    };
  throw new PrivacyError(
    'ANSWER_INVALID',
    `A processor answers { outcome: 'erased', proof } or { outcome: 'refused', reason, note? } with a reason of ${refusalReasons.join(', ')}. Throw where it is not done yet.`,
  );
}

function invalid(what: string): PrivacyError {
  return new PrivacyError('PROCESSOR_INVALID', `Check the names of processors: ${what}.`);
}
