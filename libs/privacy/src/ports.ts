import type { LogConfigs, LogExtent, PartitionCondition, ReplicaLog, ReplicaState } from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import type { CertificateStore } from './certificate/certificate-store.js';
import type { PrivacyLog } from './log/privacy-log.js';
import type { ErasureEvidence } from './verification/erasure-evidence.js';
import type { TopicErasure } from './ways/topic-erasure.js';
import type { AcknowledgementStore } from './processors/acknowledgement.js';

export type ErasureState = 'requested' | 'held' | 'forgotten' | 'erased';

/** Why and since when a deadline counts longer. */
export interface Extension {
  /** ms since the Unix epoch. */
  readonly at: number;
  /** For the user, who must be told (Art. 12(3)): no personal value. */
  readonly reason: string;
}

/** Why and since when forgetting waits or waited (Art. 17(3)). Times in ms since the Unix epoch. */
export interface Hold {
  readonly at: number;
  /** As the privacy log has it: no personal value. */
  readonly reason: string;
  /** null: it stands. */
  readonly liftedAt: number | null;
}

/** What the fence in the key topic states. */
export interface ForgottenKeys {
  readonly partition: number;
  /** Of the keys that were tombstoned with it: keyed hashes, hex. */
  readonly fingerprints: readonly string[];
}

/** One erasure request in the ledger: pseudonymous. Times in ms since the Unix epoch. */
export interface Erasure {
  readonly erasureId: string;
  readonly userRef: UserRef;
  readonly lifecycle: number;
  /** How many steps it has behind it: 0 when it was requested. */
  readonly revision: number;
  readonly state: ErasureState;
  readonly requestedAt: number;
  /** When the last step was made. */
  readonly updatedAt: number;
  /** What sets the deadline, e.g. `GDPR Art. 12(3)`. */
  readonly law: string;
  /** The first moment at which it is overdue. */
  readonly deadline: number;
  readonly extension: Extension | null;
  /** The last hold that this erasure met; null: none. */
  readonly hold: Hold | null;
  /** null until it is *forgotten*. */
  readonly keys: ForgottenKeys | null;
  /** Longest time in ms from `forgotten` to `erased` that the topics' settings allow; null: unbounded. */
  readonly boundMs: number | null;
  readonly forgottenAt: number | null;
  readonly erasedAt: number | null;
  /** What the last look at the log showed, e.g. `3 key records left`; no personal data. */
  readonly note: string | null;
  /** What was seen in the key topic's logs; null until the keys' bytes are gone. */
  readonly evidence: ErasureEvidence | null;
  /** The topics in which the user's records end too, as they were declared when it was *forgotten*. */
  readonly topics: readonly TopicErasure[];
}

/** Where an erasure stands in the ledger's order: by the time it was requested, then by its id. */
export type ErasurePlace = Pick<Erasure, 'requestedAt' | 'erasureId'>;

/** One step of an erasure, as it stood after it. */
export interface LedgerEntry {
  /** Counts up over the whole ledger, with gaps. */
  readonly number: number;
  readonly erasure: Erasure;
}

/** The ledger of erasures: one a userRef and lifecycle, and every step of each, which are only ever added. */
export interface ErasureStore {
  /** Inserts, or returns the one that stands for the same userRef and lifecycle. Atomic. */
  open(erasure: Erasure): Promise<Erasure>;
  /** The same for many at once, in the order given: all or none. */
  openAll(erasures: readonly Erasure[]): Promise<Erasure[]>;
  get(erasureId: string): Promise<Erasure | null>;
  findByUser(userRef: UserRef): Promise<Erasure | null>;
  /** At most `limit` (1 or more) of those not yet `erased`, oldest first: those that stand after `after`, else from the oldest on. */
  pending(limit: number, after?: ErasurePlace): Promise<Erasure[]>;
  /** Those *erased* with replicas that nobody could see, oldest first: at most `limit`. */
  unseen(limit: number): Promise<Erasure[]>;
  /** At most `limit` (1 or more) of them all, newest first: those that stand after `before`, else from the newest on. */
  list(limit: number, before?: ErasurePlace): Promise<Erasure[]>;
  /** How many there are in each state; 0 where none is. */
  counts(): Promise<Readonly<Record<ErasureState, number>>>;
  /** Replaces it where the revision before stands; states only go forward. False when it lost. */
  advance(erasure: Erasure): Promise<boolean>;
  /** The same for many at once: the ids of those that were replaced. */
  advanceAll(erasures: readonly Erasure[]): Promise<ReadonlySet<string>>;
  /** Those of these erasures that stand. */
  getAll(erasureIds: readonly string[]): Promise<ReadonlyMap<string, Erasure>>;
  /**
   * Puts back steps that were lost: each in the place of an earlier one of its id, or where there is none; the ids of those that were.
   * Left alone where that user and lifecycle have another erasure.
   */
  restore(erasures: readonly Erasure[]): Promise<ReadonlySet<string>>;
  /** At most `limit` (1 or more) steps of all erasures with a higher number, lowest first. */
  entries(after: number, limit: number): Promise<LedgerEntry[]>;
}

/** Everything that privacy keeps in a database, which must outlive the process. */
export interface PrivacyStores {
  readonly erasures: ErasureStore;
  readonly certificates: CertificateStore;
  readonly log: PrivacyLog;
  /** Where several processes share the database: one of them sees erasures through. */
  readonly leases?: LeaseStore;
  readonly acknowledgements: AcknowledgementStore;
}

/** What the nudger needs of a compacted topic on any engine. */
export interface LogWindow {
  /** Where the partition's replicas are, and which can be read; also while it has no leader. */
  replicas(partition: number): Promise<readonly ReplicaState[]>;
  /**
   * Begins to read what stands in one replica, log start to the high watermark that its broker knows. Rejects where the replica cannot
   * be read now.
   */
  readReplica(partition: number, broker: number): Promise<ReplicaLog>;
  /** The high watermark at the leader: what was acknowledged before stands below. */
  end(partition: number): Promise<bigint>;
  /** Whether a record with a timestamp of `at` (ms since the Unix epoch) or later stands in the partition. */
  appendedSince(partition: number, at: number): Promise<boolean>;
  /** What may hold up the cleaner. */
  condition(partition: number): Promise<PartitionCondition>;
  /** Appends one nudge record to the partition. */
  nudge(partition: number): Promise<void>;
  /** The settings in force, read from the cluster. Times in ms. */
  settings(): Promise<{
    segmentMs: number;
    maxCompactionLagMs: number;
    deleteRetentionMs: number;
    fileDeleteDelayMs: number;
    cleanerBackoffMs: number;
    minCleanableDirtyRatio: number;
    logAppendTime: boolean;
    timestampAfterMaxMs: number;
  }>;
}

/**
 * The same of the key topic. The statement that a key's lifetime was over, in the place of the key's record, counts as a tombstone: no
 * key is in it.
 */
export interface KeyTopicWindow extends LogWindow {
  readonly partitionCount: number;
}

/** The same of a topic of the application (`TopicWindow` of @oubliette/kafka). */
export interface TopicWindow extends LogWindow {
  readonly topic: string;
  partitions(): Promise<readonly number[]>;
  /** From where to where one replica's log goes; null: it does not reach `end` yet. Rejects where the broker does not tell. */
  extent(partition: number, broker: number, end: bigint): Promise<LogExtent | null>;
  /** By Kafka's names. */
  configs(): Promise<LogConfigs>;
  /** Appends a record without a value for each of these keys. */
  bury(partition: number, keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Who of several instances does what one is enough for. Time is the store's own: the holders' clocks may differ. */
export interface LeaseStore {
  /** Takes the lease, or holds it for longer: for `ttlMs` from now on. False while it is another's. Atomic. */
  acquire(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives it back at once; nothing happens where it is another's. */
  release(name: string, holder: string): Promise<void>;
}
