import type { Keyring } from '@oubliette/keyring';
import type { Clock } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { KeyTopicWindow, LogWindow } from '../ports.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import type { KeyFiles } from '../verification/key-files.js';
import type { Blockage } from './blockage.js';
import type { ErasedRecords, Sought } from './remains.js';

/** A forgotten user whose records are to leave the log. */
export interface NudgeJob extends Sought {
  readonly id: string;
  /** When fence and tombstones were appended, ms since the Unix epoch. */
  readonly fencedAt: number;
  /** It is erased but for the replicas that this names as unseen: only those are watched. */
  readonly erased?: ErasureEvidence;
  /** In no ledger, so that no other instance can take it over. */
  readonly isLocal?: boolean;
  /** Nobody has looked for its records yet, and none has a tombstone: a look comes first, and the wait begins with what it finds. */
  readonly isUnread?: boolean;
}

/** Told what becomes of a job. A rejection is logged and the call made again. */
export interface NudgeListener {
  /** Records with a value still stand: the most that any replica has. */
  standing(jobId: string, values: number): Promise<void>;
  /** They stand because of this; told when it changes. When it is over, `standing` is told again. */
  blocked(jobId: string, blockage: Blockage): Promise<void>;
  /** Whole reads of every replica that can be seen showed none, file.delete.delay.ms has passed since, and no file that can be read has any. */
  gone(jobId: string, evidence: ErasureEvidence): Promise<void>;
  /** After `gone`: a replica that was unseen came back and is clean. The evidence is the whole of it. */
  seen(jobId: string, evidence: ErasureEvidence): Promise<void>;
}

/** What the work in one partition needs. */
export interface PartitionParts {
  readonly window: LogWindow;
  readonly erased: ErasedRecords;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: NudgeListener;
  /**
   * How long after the tombstones a replica that cannot be seen holds up the erasure, in ms; from then on it is named as unseen.
   * Default: the bound of the settings in force; where they bound nothing it holds it up for ever.
   */
  readonly patienceMs?: number;
}

export interface NudgerParts extends Omit<PartitionParts, 'erased'> {
  /** The key topic's, as far as they can be read here. Default: not at all. */
  readonly files?: KeyFiles;
  readonly window: KeyTopicWindow;
  readonly keyring: Pick<
    Keyring,
    'partitionOf' | 'state' | 'list' | 'catchUp' | 'deadRecords' | 'buryDead' | 'retireEnded'
  >;
  /** False: another instance sweeps and retires. Default: this one does. */
  readonly leads?: () => boolean;
}
