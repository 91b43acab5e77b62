import type { OutgoingRecord, ReceivedRecord, TopicSpec } from '@oubliette/kafka';
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

/** The topic of a deployment's questions and answers stands beside its key topic. */
export function erasureTopicOf(keyTopic: string): string {
  return `${keyTopic}.erasures`;
}

/** Compacted: what stands in it is not answered yet. The broker's clock says when an answer came. */
export function erasureTopicSpec(topic: string): TopicSpec {
  const configs = {
    'cleanup.policy': 'compact',
    'message.timestamp.type': 'LogAppendTime',
    'segment.ms': '3600000',
    'max.compaction.lag.ms': '86400000',
  };
  return { name: topic, partitions: 1, configs };
}

/** Keyed by the erasure, so that a reminder takes the place of the question. */
export function questionRecord(topic: string, question: AddressedQuestion): OutgoingRecord {
  return { topic, key: bytes(question.erasureId), value: bytes(JSON.stringify(question)) };
}

/** Keyed by erasure and processor. Throws as `checkAnswer` and `checkProcessor` do. */
export function answerRecord(
  topic: string,
  { erasureId, processor, answer }: AddressedAnswer,
): OutgoingRecord {
  const key = `${erasureId}/${checkProcessor(processor)}`;
  return { topic, key: bytes(key), value: bytes(JSON.stringify(checkAnswer(answer))) };
}

/** Takes a question and its answers out of the topic. */
export function settledRecords(
  topic: string,
  erasureId: string,
  processors: readonly string[],
): OutgoingRecord[] {
  const keys = [erasureId, ...processors.map((processor) => `${erasureId}/${processor}`)];
  return keys.map((key) => ({ topic, key: bytes(key), value: null }));
}

/** null: it is no question, or one that was taken out. Throws PrivacyError ANSWER_INVALID for what is neither question nor answer. */
export function readQuestion({ key, value }: ReceivedRecord): AddressedQuestion | null {
  const name = textOf(key);
  if (value === null || name.includes('/')) return null;
  const read = questionSchema.safeParse(parsed(value));
  if (!read.success || read.data.erasureId !== name) throw malformed();
  return { ...read.data, userRef: read.data.userRef as UserRef };
}

/** null: it is no answer, or one that was taken out. Throws PrivacyError ANSWER_INVALID, PROCESSOR_INVALID or REASON_INVALID. */
export function readAnswer({ key, value }: ReceivedRecord): AddressedAnswer | null {
  const name = textOf(key);
  const slash = name.indexOf('/');
  if (value === null || slash < 0) return null;
  const processor = checkProcessor(name.slice(slash + 1));
  const answer = checkAnswer(parsed(value) as ProcessorAnswer);
  return { erasureId: name.slice(0, slash), processor, answer };
}

function parsed(value: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(value));
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

function textOf(value: Uint8Array | null): string {
  return Buffer.from(value ?? []).toString('utf8');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
