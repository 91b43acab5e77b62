import type { PartitionReader, RecordProducer, TopicAdmin } from '@oubliette/kafka';
import type { Keyring } from '@oubliette/keyring';
import { AuthenticValues } from '../authentic-values.js';
import type { Logger } from '../logger.js';
import { readErasure } from '../forgetting/read-erasure.js';
import type { Erasure } from '../ports.js';
import type { LedgerMirror } from './ledger-mirror.js';

export interface TopicMirrorParts {
  /** The topic's name. */
  readonly topic: string;
  readonly admin: Pick<TopicAdmin, 'createTopic' | 'liveBrokers'>;
  readonly producer: RecordProducer;
  /** Closed with the mirror. */
  readonly reader: PartitionReader;
  readonly keyring: Pick<Keyring, 'authenticate'>;
  readonly logger: Logger;
}

const kind = 'oubliette/ledger-mirror/v1';
const wantedReplicas = 3;
/** One partition: the mirror is read as a whole. */
const partition = 0;

/** The name of the mirror's topic, beside the key topic. */
export function ledgerTopicOf(keyTopic: string): string {
  return `${keyTopic}.ledger`;
}

/**
 * The mirror on a compacted topic: a record an erasure, keyed by its id, its value a MAC and the step as JSON. Whoever can write to the
 * topic can therefore not have somebody forgotten.
 */
export async function openTopicMirror(parts: TopicMirrorParts): Promise<LedgerMirror> {
  const { admin, topic } = parts;
  const replicationFactor = Math.min(wantedReplicas, await admin.liveBrokers());
  await admin.createTopic({
    name: topic,
    partitions: 1,
    replicationFactor,
    configs: {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'LogAppendTime',
      'min.insync.replicas': `${Math.min(2, replicationFactor)}`,
      'unclean.leader.election.enable': 'false',
    },
  });
  return new TopicLedgerMirror(parts);
}

class TopicLedgerMirror implements LedgerMirror {
  readonly #values: AuthenticValues;

  constructor(private readonly parts: TopicMirrorParts) {
    this.#values = new AuthenticValues(parts.keyring, kind);
  }

  write(erasures: readonly Erasure[]): Promise<void> {
    const { topic, producer } = this.parts;
    return producer.send(
      erasures.map((erasure) => {
        const key = Buffer.from(erasure.erasureId, 'utf8');
        return { topic, partition, key, value: this.#values.write(key, erasure) };
      }),
    );
  }

  async *read(): AsyncIterable<Erasure> {
    const { topic, reader, logger } = this.parts;
    let refused = 0;
    for await (const { key, value } of reader.scan(topic, partition)) {
      const erasure = key === null || value === null ? null : this.#erasureOf(key, value);
      if (erasure === null) refused++;
      else yield erasure;
    }
    if (refused > 0)
      logger.error('Records in the mirror of the ledger are not of this deployment; they are left out.', {
        topic,
        refused,
      });
  }

  close(): Promise<void> {
    return this.parts.reader.close();
  }

  #erasureOf(key: Uint8Array, value: Uint8Array): Erasure | null {
    const json = this.#values.read(key, value);
    // Written by `write`: the MAC says so.
    return json === null ? null : readErasure(json);
  }
}
