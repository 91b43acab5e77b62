import type { KafkaSettings, KeyTopicProgress, KeyTopicSettings, Logger } from '@oubliette/kafka';
import type {
  Environment,
  KeyPolicy,
  MasterKeyPlace,
  MasterKeys,
  MasterKeyServiceOptions,
  SigningKeyPlace,
  SigningKeyServiceOptions,
} from '@oubliette/keyring';
import type { CertificateSigner, DeadlineOptions, PrivacyStores } from '@oubliette/privacy';
import type { Clock, Disk, Entropy } from '@oubliette/runtime';
import type { EventFormat } from '@oubliette/serde';

/** Master keys by where they are: a key file, the environment, a Vault-compatible Transit, AWS KMS (`parseMasterKeyPlace`). */
export interface PlacedMasterKeys {
  readonly place: string | MasterKeyPlace;
  /** How a service is asked: time limits, tries, how long an answer is kept. */
  readonly service?: MasterKeyServiceOptions;
  /** Where variables are read; default `process.env`. */
  readonly environment?: Environment;
}

/** The key of certificates by where it is: a file, or a Vault-compatible Transit (`parseSigningKeyPlace`). */
export interface PlacedCertificateKey {
  readonly place: string | SigningKeyPlace;
  /** How a service is asked: time limits, tries. */
  readonly service?: SigningKeyServiceOptions;
  /** Where variables are read; default `process.env`. */
  readonly environment?: Environment;
}

/** How long user keys serve, without what they may not be used, and how many are held. Times in ms. */
export interface UserKeyOptions {
  /** Of what is kept for no purpose; default: for ever. */
  readonly policy?: KeyPolicy;
  /** By the name of the purpose; default: for ever. */
  readonly purposes?: Readonly<Record<string, KeyPolicy>>;
  /** Without a word from the key topic; default 30 s. The CLI's `keys epoch advance` must be told of a longer one. */
  readonly leaseMs?: number;
  /** Without an answer from the master keys; default 24 h. */
  readonly masterKeyOutageMs?: number;
  /** How often the master keys are asked; default 5 min. */
  readonly confirmMasterKeyEveryMs?: number;
  /** Most keys held in memory, 37 bytes each; others are read again when they are wanted. Default 2,000,000. */
  readonly keysInMemory?: number;
  /** Hears ten times a second how far the key topic was read at start. Default: a line in the log every 5 s (`logsReplay`). */
  readonly onProgress?: (progress: KeyTopicProgress) => void;
}

/** Everything the module needs to work on brokers, bundled or Apache Kafka's. */
export interface KafkaEngineOptions extends Pick<KafkaSettings, 'brokers' | 'clientId' | 'ssl' | 'sasl'> {
  /** A key file (must exist, mode 0600), another place, or keys that were opened and stay the caller's, to be closed after the engine. */
  readonly masterKeys: { readonly file: string } | PlacedMasterKeys | MasterKeys;
  readonly userKeys?: UserKeyOptions;
  /** The ledger of erasures, certificates, the privacy log: `privacyStores` of @oubliette/persistence. They must outlive the process. */
  readonly stores: PrivacyStores;
  /**
   * Applications that take decrypted data elsewhere, by the names of their `@ErasureProcessor` methods: each is asked about every user that is
   * forgotten from now on, and certificates are partial until all have answered. Without: nobody is asked, and no answer is heard.
   */
  readonly processors?: readonly string[];
  /** Signs certificates: a file (PKCS #8 in PEM, mode 0600), another place, or a signer that stays the caller's. Without: no certificates. */
  readonly certificateKey?: { readonly file: string } | PlacedCertificateKey | CertificateSigner;
  /**
   * Log directories of brokers (`log.dirs`) that this process can read, such as those of a broker on the same machine: the key topic's
   * files in them are looked at before a user counts as erased, and in every verification. Default: none.
   */
  readonly logDirs?: readonly string[];
  /** What differs from the defaults below. */
  readonly keyTopic?: Partial<KeyTopicSettings>;
  /** By what law requests are answered, and how its days count. Default: GDPR Art. 12(3), every day in UTC. */
  readonly deadline?: DeadlineOptions;
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
