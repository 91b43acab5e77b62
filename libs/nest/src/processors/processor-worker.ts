import type { Logger } from '@nestjs/common';
import type { ReceivedRecord, RecordBatch, RecordProducer } from '@oubliette/kafka';
import { checkAnswer, type AddressedQuestion, type ErasureMessages } from '@oubliette/privacy';
import type { Clock } from '@oubliette/runtime';
import type { ErasureProcessorMethod } from '../decorators/erasure-processor.js';
import { OublietteError, withoutMessage } from '../errors.js';

/** A method with `@ErasureProcessor`, ready to be called. */
export interface BoundProcessor {
  readonly name: string;
  /** Class and method, for messages. */
  readonly place: string;
  readonly groupId: string;
  readonly call: ErasureProcessorMethod;
}

export interface ProcessorParts {
  readonly messages: ErasureMessages;
  readonly producer: Pick<RecordProducer, 'send'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

interface Asked {
  readonly question: AddressedQuestion;
  readonly offset: bigint;
}

/** What became of an erasure in a batch that is not done with. */
interface Tries {
  readonly failures: number;
  /** Not before, in ms of monotonic time. */
  readonly dueAt: number;
  /** The question that was answered; null: none. */
  readonly answered: bigint | null;
}

const firstPauseMs = 1_000;
const longestPauseMs = 3_600_000;
/** More than a batch has; beyond that the pauses of all begin anew. */
const mostTries = 10_000;

/**
 * Gives one processor its questions, and sends its answers. One that is not done yet holds up the position in the topic, not the others: a
 * restart asks again.
 */
export class ProcessorWorker {
  readonly #tries = new Map<string, Tries>();

  constructor(
    private readonly processor: BoundProcessor,
    private readonly parts: ProcessorParts,
  ) {}

  /** Rejects with HANDLER_FAILED where some are not done yet, and as the producer does: then the batch must come again. */
  async onBatch({ records }: RecordBatch): Promise<void> {
    const asked = this.#asked(records);
    let open = 0;
    for (const one of asked.values()) if (!(await this.#isAnswered(one))) open++;
    if (open > 0)
      throw new OublietteError(
        'HANDLER_FAILED',
        `${this.processor.place} has not done with ${open} erasures yet; it is asked again.`,
      );
    for (const erasureId of asked.keys()) this.#tries.delete(erasureId);
  }

  /** The last question of each erasure in a batch that this processor has not answered as far as the asker knows. */
  #asked(records: readonly ReceivedRecord[]): Map<string, Asked> {
    const asked = new Map<string, Asked>();
    for (const record of records) {
      if (record.value === null) asked.delete(Buffer.from(record.key ?? []).toString('utf8'));
      const question = this.parts.messages.questionIn(record);
      if (question === null) continue;
      if (question.processors.includes(this.processor.name))
        asked.set(question.erasureId, { question, offset: record.offset });
      else asked.delete(question.erasureId);
    }
    return asked;
  }

  async #isAnswered({ question, offset }: Asked): Promise<boolean> {
    const { erasureId } = question;
    const tries = this.#tries.get(erasureId);
    if (tries !== undefined && tries.answered !== null && offset <= tries.answered) return true;
    if (tries !== undefined && this.parts.clock.monotonic() < tries.dueAt) return false;
    const answer = await this.#call(question, tries?.failures ?? 0);
    if (answer === null) return false;
    const { messages, producer } = this.parts;
    await producer.send([messages.answer({ erasureId, processor: this.processor.name, answer })]);
    this.#note(erasureId, { failures: 0, dueAt: 0, answered: offset });
    return true;
  }

  /** null: not yet. */
  async #call(question: AddressedQuestion, failures: number): Promise<ReturnType<typeof checkAnswer> | null> {
    const { erasureId, userRef, lifecycle, requestedAt, deadline } = question;
    try {
      const given = await this.processor.call({ erasureId, userRef, lifecycle, requestedAt, deadline });
      return checkAnswer(given, userRef);
    } catch (error) {
      const pauseMs = Math.min(firstPauseMs * 2 ** Math.min(failures, 20), longestPauseMs);
      const dueAt = this.parts.clock.monotonic() + pauseMs;
      this.#note(erasureId, { failures: failures + 1, dueAt, answered: null });
      this.parts.logger.warn(
        `${this.processor.place} has not done with the erasure ${erasureId} (attempt ${failures + 1}); again in ${pauseMs} ms at the earliest: ${withoutMessage(error)}`,
      );
      return null;
    }
  }

  #note(erasureId: string, tries: Tries): void {
    if (this.#tries.size >= mostTries) this.#tries.clear();
    this.#tries.set(erasureId, tries);
  }
}
