import type { ConsumerOptions, RecordConsumer, RecordProducer, TopicAdmin } from '@oubliette/kafka';
import type { Fence, Keyring } from '@oubliette/keyring';
import type { Erasure, ErasureState, LedgerCheck } from '@oubliette/privacy';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { EventCodec } from '@oubliette/serde';

/** Forgetting as the module needs it. */
export interface Forgetting {
  /** Idempotent: the same erasure again. Rejects with `USER_UNKNOWN` or `USER_ID_INVALID`. Resolves when the user is forgotten. */
  request(userId: string): Promise<Erasure>;
  /** The same for many at once, in the order asked; null for somebody who never had a key. */
  requestMany(userIds: readonly string[]): Promise<readonly (Erasure | null)[]>;
  /** Idempotent. Rejects with `USER_UNKNOWN`, `USER_ID_INVALID` or `PURPOSE_INVALID`. */
  withdraw(userId: string, purpose: string): Promise<Fence>;
  /** Rejects with `PURPOSE_NOT_WITHDRAWN`, `USER_FORGOTTEN`, and as `withdraw`. */
  grant(userId: string, purpose: string): Promise<void>;
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
  /** How many erasures there are in each state, for the metrics. */
  counts(): Promise<Readonly<Record<ErasureState, number>>>;
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
