import type { KafkaSettings, KeyTopicSettings, Logger } from '@oubliette/kafka';
import type { MasterKeys } from '@oubliette/keyring';
import type { ErasureStore } from '@oubliette/privacy';
import type { Clock, Disk, Entropy } from '@oubliette/runtime';
import type { EventFormat } from '@oubliette/serde';

/** Everything the module needs to work on brokers, bundled or Apache Kafka's. */
export interface KafkaEngineOptions extends Pick<KafkaSettings, 'brokers' | 'clientId' | 'ssl' | 'sasl'> {
  /** A key file (must exist, mode 0600), or a port to a service. */
  readonly masterKeys: { readonly file: string } | MasterKeys;
  /** The ledger of erasures; it must outlive the process. */
  readonly erasures: ErasureStore;
  /** What differs from the defaults below. */
  readonly keyTopic?: Partial<KeyTopicSettings>;
  /** From a request to its deadline, in ms; default one calendar month. */
  readonly erasureDeadlineMs?: number;
  /** Default JSON. */
  readonly format?: EventFormat;
  /** Formats that older events may have, beside the one they are written in now. */
  readonly alsoReads?: readonly EventFormat[];
  /** Where the libs below Nest log to; default Nest's logger. */
  readonly logger?: Logger;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  readonly disk?: Disk;
}

/**
 * Partitions can never be changed: they say where a user's keys stand. Times in ms. Replicas: three, or as many as there are
 * brokers when the topic is made, of which two must be in sync.
 */
export const KEY_TOPIC_DEFAULTS: KeyTopicSettings = {
  topic: 'oubliette.keys',
  partitions: 6,
  segmentMs: 600_000,
  maxCompactionLagMs: 600_000,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 86_400_000,
};
