import type {
  ConsumerOptions,
  Logger,
  ReceivedRecord,
  RecordBatch,
  RecordConsumer,
  TopicAdmin,
} from '@oubliette/kafka';
import { Acknowledgements, PrivacyError, readAnswer } from '@oubliette/privacy';
import type { AcknowledgementsParts, AddressedAnswer } from '@oubliette/privacy';
import { ensureErasureTopic } from './erasure-topic.js';

export interface AcknowledgingParts extends Omit<AcknowledgementsParts, 'logger'> {
  readonly admin: TopicAdmin;
  /** Of who hears the answers. */
  readonly groupId: string;
  readonly createConsumer: (options: ConsumerOptions) => RecordConsumer;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Asks, reminds, and hears answers from when it resolves. What was opened is added to `closes`, to be called in reverse. */
export async function openAcknowledgements(
  parts: AcknowledgingParts,
  closes: (() => Promise<void>)[],
): Promise<Acknowledgements> {
  const { admin, topic, groupId, createConsumer, logger } = parts;
  const acknowledgements = new Acknowledgements(parts);
  closes.push(() => acknowledgements.close());
  await ensureErasureTopic(admin, topic);
  const onBatch = async ({ records }: RecordBatch): Promise<void> => {
    for (const record of records) {
      const answer = read(record, logger);
      if (answer !== null) await acknowledgements.receive(answer, record.timestamp);
    }
  };
  const consumer = createConsumer({ groupId, topics: [topic], fromBeginning: true, onBatch });
  closes.push(() => consumer.close());
  await consumer.start();
  await acknowledgements.start();
  return acknowledgements;
}

/** Anybody who may write to the topic may write nonsense there: it must not hold up the answers behind it. */
function read(record: ReceivedRecord, logger: AcknowledgingParts['logger']): AddressedAnswer | null {
  try {
    return readAnswer(record);
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    const { topic, partition, offset } = record;
    logger.error('A record in the place of an answer is none; it is left alone.', {
      topic,
      partition,
      offset: String(offset),
      error: error.code,
    });
    return null;
  }
}
