import type { ConsumerOptions, RecordBatch, RecordConsumer, TopicAdmin } from '@oubliette/kafka';
import { Acknowledgements, type AcknowledgementsParts, type ErasureMessages } from '@oubliette/privacy';
import { ensureErasureTopic } from './erasure-topic.js';

export interface AcknowledgingParts extends AcknowledgementsParts {
  readonly messages: ErasureMessages;
  readonly admin: TopicAdmin;
  /** Of who hears the answers. */
  readonly groupId: string;
  readonly createConsumer: (options: ConsumerOptions) => RecordConsumer;
}

/** Asks, reminds, and hears answers from when it resolves. What was opened is added to `closes`, to be called in reverse. */
export async function openAcknowledgements(
  parts: AcknowledgingParts,
  closes: (() => Promise<void>)[],
): Promise<Acknowledgements> {
  const { admin, messages, groupId, createConsumer } = parts;
  const { topic } = messages;
  const acknowledgements = new Acknowledgements(parts);
  closes.push(() => acknowledgements.close());
  await ensureErasureTopic(admin, topic);
  const onBatch = async ({ records }: RecordBatch): Promise<void> => {
    for (const record of records) {
      const answer = messages.answerIn(record);
      if (answer !== null) await acknowledgements.receive(answer, record.timestamp);
    }
  };
  const consumer = createConsumer({ groupId, topics: [topic], fromBeginning: true, onBatch });
  closes.push(() => consumer.close());
  await consumer.start();
  await acknowledgements.start();
  return acknowledgements;
}
