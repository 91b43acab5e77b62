import type { ConsumerOptions, RecordConsumer, RecordProducer, TopicAdmin } from '@oubliette/kafka';
import type { Fence, Keyring, Restriction } from '@oubliette/keyring';
import type {
  Acknowledgement,
  AuditSource,
  BlockedTopic,
  CertificateRegister,
  DeadlineAlert,
  ErasedTopic,
  Erasure,
  ErasureVerifier,
  ErasureMessages,
  ErasureState,
  Hold,
  LedgerCheck,
  Urgency,
} from '@oubliette/privacy';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { EventCodec } from '@oubliette/serde';

/** How an erasure stands to its deadline. */
export interface ErasureStanding {
  /** The latest moment to forget the user, ms since the Unix epoch; null: nothing bounds how long the bytes stay. */
  readonly actBy: number | null;
  readonly urgency: Urgency;
  /** What the processors that were asked about it said, by name. */
  readonly acknowledgements: readonly Acknowledgement[];
}

/** Forgetting as the module needs it. */
export interface Forgetting {
  /**
   * Goes on with what was left of earlier erasures. In these topics the records of whoever is forgotten end too. Until it was called
   * nobody is forgotten: `FORGETTING_NOT_BEGUN`.
   */
  begin(topics: readonly ErasedTopic[]): Promise<void>;
  /** Idempotent: the same erasure again. Rejects with `USER_UNKNOWN` or `USER_ID_INVALID`. Resolves when the user is forgotten. */
  request(userId: string): Promise<Erasure>;
  /** The same for many at once, in the order asked; null for somebody who never had a key. */
  requestMany(userIds: readonly string[]): Promise<readonly (Erasure | null)[]>;
  /** Idempotent. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID` or `PURPOSE_INVALID`. */
  withdraw(userId: string, purpose: string): Promise<Fence>;
  /** Rejects with `PURPOSE_NOT_WITHDRAWN`, `USER_FORGOTTEN`, and as `withdraw`. */
  grant(userId: string, purpose: string): Promise<void>;
  /** Rejects with `USER_UNKNOWN`, `USER_FORGOTTEN`, `REASON_INVALID`. */
  hold(userId: string, reason: string): Promise<Hold>;
  /** False where none stood. Resolves when a user whose request waited is forgotten. */
  liftHold(userId: string, reason: string): Promise<boolean>;
  /** The hold that stands; null: none. */
  holdOf(userId: string): Promise<Hold | null>;
  /** Rejects with `ERASURE_MISSING`, `DEADLINE_NOT_EXTENDABLE`, `REASON_INVALID`. */
  extend(erasureId: string, reason: string): Promise<Erasure>;
  /** In the order given. */
  standings(erasures: readonly Erasure[]): Promise<readonly ErasureStanding[]>;
  /** How many were in danger of their deadline at the last look, and overdue. */
  inDanger(): Readonly<Record<DeadlineAlert['urgency'], number>>;
  /** Partitions in which this process cannot get bytes out of the log, and why. */
  blocked(): readonly BlockedTopic[];
  /** Hears of each erasure that comes into danger, and that is overdue. Returns the unsubscribe. */
  onDeadline(listener: (alert: DeadlineAlert) => void): () => void;
  /** Forgets again whoever the ledger says is forgotten and the key topic does not: a restored copy. */
  checkLedger(): Promise<LedgerCheck>;
  /** What that came to last; null before the first. */
  readonly lastCheck: LedgerCheck | null;
  /** null: no such erasure. */
  find(erasureId: string): Promise<Erasure | null>;
  /** The erasure of a user's last forgetting; null: none in the ledger. Rejects with `USER_ID_INVALID`. */
  findByUser(userId: string): Promise<Erasure | null>;
  /** At most `limit`, newest first: those that stand after `before` in the ledger, else from the newest on. */
  list(limit: number, before?: Erasure): Promise<readonly Erasure[]>;
  /** At most `limit` that are not *erased*, most urgent first; with `withinMs` those in time only where their deadline is so near. */
  due(limit: number, withinMs?: number): Promise<readonly Erasure[]>;
  /** How many erasures there are in each state, for the metrics. */
  counts(): Promise<Readonly<Record<ErasureState, number>>>;
}

/** Restriction of processing as the module needs it; each act stands in the privacy log. */
export interface Restrictions {
  /** Idempotent. Rejects with `USER_UNKNOWN`, `USER_FORGOTTEN`, `USER_ID_INVALID`, `REASON_INVALID`. */
  restrict(userId: string, reason: string): Promise<Restriction>;
  /** By the privacy log; null where it does not say that the user is restricted. Rejects with `USER_ID_INVALID`. */
  reasonOf(userId: string): Promise<string | null>;
  /** Idempotent. Rejects as `restrict`. */
  lift(userId: string, reason: string): Promise<void>;
  /** Runs `work` with a restricted user's data open to it. Rejects as `restrict`, and as `work` does. */
  withPermission<T>(userId: string, reason: string, work: () => Promise<T>): Promise<T>;
}

/** Everything below Nest that the module works on, opened and ready: the key topic is loaded. */
export interface OublietteEngine {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly keyring: Keyring;
  readonly codec: EventCodec;
  readonly producer: RecordProducer;
  readonly admin: TopicAdmin;
  readonly forgetting: Forgetting;
  /** The key topic's name in the cluster, where there is one that the retention guard can judge. */
  readonly guardedKeyTopic?: string;
  readonly restrictions: Restrictions;
  /** How processors are asked about erasures, and answer. */
  readonly erasureMessages: ErasureMessages;
  /** null: there is no key to sign with. */
  readonly certificates: CertificateRegister | null;
  readonly verifier: Pick<ErasureVerifier, 'verify'>;
  /** Every topic of the cluster, for the leak audit. */
  readonly topics: AuditSource;
  /** Not yet started. */
  createConsumer(options: ConsumerOptions): RecordConsumer;
  /** False while the key topic cannot be heard, or user keys may not be used: readiness. Answers within seconds, never rejects. */
  keysFresh(): Promise<boolean>;
  /** Closes in reverse order of opening; consumers are closed by who started them. */
  close(): Promise<void>;
}

export type EngineFactory = () => Promise<OublietteEngine>;

/** Injection token of the opened engine. */
export const OUBLIETTE_ENGINE = Symbol('OUBLIETTE_ENGINE');
