import type { UserRef } from '@oubliette/keyring';
import { z } from 'zod';
import { PrivacyError } from '../errors.js';
import type { ProcessorAnswer } from './acknowledgement.js';
import { checkAnswer, checkProcessor } from './check-answer.js';

/** What processors are told of an erasure: no id of the user, and no personal data but the pseudonym. Times in ms since the Unix epoch. */
export interface ErasureQuestion {
  readonly erasureId: string;
  /** The pseudonym, which handlers of events know as `context.userRef`. */
  readonly userRef: UserRef;
  readonly lifecycle: number;
  readonly requestedAt: number;
  readonly deadline: number;
}

/** A question, and who has not answered it. */
export interface AddressedQuestion extends ErasureQuestion {
  readonly processors: readonly string[];
}

/** An answer on its way. */
export interface AddressedAnswer {
  readonly erasureId: string;
  readonly processor: string;
  readonly answer: ProcessorAnswer;
}

const questionSchema = z.object({
  erasureId: z.string().regex(/^[^/]{1,64}$/),
  userRef: z.string().regex(/^[0-9a-f]{32}$/),
  lifecycle: z.int().positive(),
  requestedAt: z.int().nonnegative(),
  deadline: z.int().nonnegative(),
  processors: z.array(z.string()).max(100),
});

/** The question in the record with that key. Throws PrivacyError ANSWER_INVALID. */
export function readQuestion(name: string, json: string): AddressedQuestion {
  const read = questionSchema.safeParse(parsed(json));
  if (!read.success || read.data.erasureId !== name) throw malformed();
  return { ...read.data, userRef: read.data.userRef as UserRef };
}

/** The answer in the record with that key. Throws PrivacyError ANSWER_INVALID, PROCESSOR_INVALID or REASON_INVALID. */
export function readAnswer(name: string, json: string): AddressedAnswer {
  const slash = name.indexOf('/');
  const processor = checkProcessor(name.slice(slash + 1));
  const answer = checkAnswer(parsed(json) as ProcessorAnswer);
  return { erasureId: name.slice(0, slash), processor, answer };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw malformed();
  }
}

/** What stands in it may be anything: it is not repeated. */
function malformed(): PrivacyError {
  return new PrivacyError(
    'ANSWER_INVALID',
    'A record of the topic of erasures is no question and no answer.',
  );
}
