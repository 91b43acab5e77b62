import type { OutgoingRecord, ReceivedRecord, TopicSpec } from '@oubliette/kafka';
import type { Keyring } from '@oubliette/keyring';
import { AuthenticValues } from '../authentic-values.js';
import { PrivacyError, type PrivacyErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import { checkAnswer, checkProcessor } from './check-answer.js';
import {
  readAnswer,
  readQuestion,
  type AddressedAnswer,
  type AddressedQuestion,
} from './erasure-question.js';

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

export interface ErasureMessagesParts {
  /** The topic's name: `erasureTopicOf`. */
  readonly topic: string;
  readonly keyring: Pick<Keyring, 'authenticate'>;
  readonly logger: Pick<Logger, 'error'>;
}

const questionKind = 'oubliette/erasure-question/v1';
const answerKind = 'oubliette/erasure-answer/v1';
/** Whoever may write to the topic must not fill the log: the first are told of one by one, then each time that their number has doubled. */
const toldSingly = 3;

/**
 * Questions and answers of one deployment. Each is under a MAC, so that whoever may write to the topic can neither ask a processor to erase
 * somebody nor answer for one. What is none is left alone, counted and told of: it must not hold up what is behind it.
 */
export class ErasureMessages {
  readonly topic: string;
  readonly #questions: AuthenticValues;
  readonly #answers: AuthenticValues;
  readonly #logger: Pick<Logger, 'error'>;
  #refused = 0;
  #told = 0;

  constructor({ topic, keyring, logger }: ErasureMessagesParts) {
    this.topic = topic;
    this.#questions = new AuthenticValues(keyring, questionKind);
    this.#answers = new AuthenticValues(keyring, answerKind);
    this.#logger = logger;
  }

  /** How many records were read that are no message of this deployment. */
  get refused(): number {
    return this.#refused;
  }

  /** Keyed by the erasure, so that a reminder takes the place of the question. */
  question(question: AddressedQuestion): OutgoingRecord {
    const key = bytes(question.erasureId);
    return { topic: this.topic, key, value: this.#questions.write(key, question) };
  }

  /** Keyed by erasure and processor. Throws as `checkAnswer` and `checkProcessor` do. */
  answer({ erasureId, processor, answer }: AddressedAnswer): OutgoingRecord {
    const key = bytes(`${erasureId}/${checkProcessor(processor)}`);
    return { topic: this.topic, key, value: this.#answers.write(key, checkAnswer(answer)) };
  }

  /** Takes a question and its answers out of the topic. */
  settled(erasureId: string, processors: readonly string[]): OutgoingRecord[] {
    const keys = [erasureId, ...processors.map((processor) => `${erasureId}/${processor}`)];
    return keys.map((key) => ({ topic: this.topic, key: bytes(key), value: null }));
  }

  /** null: it is no question, or one that was taken out. */
  questionIn(record: ReceivedRecord): AddressedQuestion | null {
    if (record.value === null || textOf(record.key).includes('/')) return null;
    return this.#read(record, this.#questions, readQuestion);
  }

  /** null: it is no answer, or one that was taken out. */
  answerIn(record: ReceivedRecord): AddressedAnswer | null {
    if (record.value === null || !textOf(record.key).includes('/')) return null;
    return this.#read(record, this.#answers, readAnswer);
  }

  #read<T>(
    record: ReceivedRecord,
    values: AuthenticValues,
    parse: (name: string, json: string) => T,
  ): T | null {
    const json = values.read(record.key ?? bytes(''), record.value ?? bytes(''));
    if (json === null) return this.#refuse(record, 'ERASURE_MESSAGE_UNAUTHENTIC');
    try {
      return parse(textOf(record.key), json);
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
      return this.#refuse(record, error.code);
    }
  }

  #refuse({ topic, partition, offset }: ReceivedRecord, error: PrivacyErrorCode): null {
    this.#refused++;
    if (this.#refused > toldSingly && this.#refused < 2 * this.#told) return null;
    this.#told = this.#refused;
    this.#logger.error(
      'Alarm: a record of the topic of erasures is no message of this deployment; it is left alone. Find out who writes there.',
      { topic, partition, offset: String(offset), error, refused: this.#refused },
    );
    return null;
  }
}

function textOf(value: Uint8Array | null): string {
  return Buffer.from(value ?? []).toString('utf8');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
