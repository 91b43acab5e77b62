import type { UserRef } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { Blockage, BlockedPartition } from '../nudger/blockage.js';
import type { TopicWindow } from '../ports.js';
import type { PartitionMark, TopicPartitionEvidence } from './topic-erasure.js';

/** A forgotten user whose records are to leave a topic. */
export interface TopicJob {
  /** The erasure's. */
  readonly id: string;
  readonly userRef: UserRef;
  /** Up to which lifecycle. */
  readonly lifecycle: number;
  /** ms since the Unix epoch. */
  readonly forgottenAt: number;
  readonly marks: readonly PartitionMark[] | null;
  /** It is done but for the replicas that this names as unseen: only those are watched. */
  readonly evidence: readonly TopicPartitionEvidence[] | null;
}

/** Told what becomes of jobs. A rejection is logged and the call made again. */
export interface TopicListener {
  /** Records of the user still stand in a partition: the most that any replica has; null: it is not known how many. */
  standing(id: string, topic: string, records: number | null): Promise<void>;
  /** They stand because of this. */
  blocked(id: string, topic: string, blockage: Blockage): Promise<void>;
  /** Nothing of these users can land behind the marks any more. */
  marked(ids: readonly string[], topic: string, marks: readonly PartitionMark[]): Promise<void>;
  /** Every replica that can be seen showed none, and the files that held them are unlinked; again when one more was seen. */
  gone(id: string, topic: string, evidence: readonly TopicPartitionEvidence[]): Promise<void>;
}

export interface TopicEraserParts {
  readonly window: TopicWindow;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: TopicListener;
  /** As of the nudger; default: the bound of the settings in force. */
  readonly patienceMs?: number;
}

/** Ends the records of forgotten users in one topic. */
export interface TopicEraser {
  /** Under an id that is pending: nothing happens. */
  add(job: TopicJob): void;
  /** Drops the jobs: another instance finds them in the ledger. */
  release(): void;
  /** Longest time in ms from *forgotten* to the end of the records; null: unbounded. Read from the cluster. */
  boundMs(): Promise<number | null>;
  readonly blocked: readonly BlockedPartition[];
  close(): Promise<void>;
}
