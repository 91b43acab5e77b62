import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { TimeSlice } from './time-slice.js';

/** Where a log is and what is known of it. */
export interface LogLocation {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly slice: TimeSlice;
  readonly directory: string;
  readonly indexIntervalBytes: number;
  /** producer.id.expiration.ms */
  readonly producerExpirationMs: number;
  /** From the checkpoint: where the log begins when a client moved its start, or retention emptied it; 0n without an entry. */
  readonly logStartOffset: bigint;
  /** From the checkpoint: everything below was synced; 0n without an entry. */
  readonly recoveryPoint: bigint;
  /** Whether the last owner closed it: then everything was synced, and nothing is read. */
  readonly closedCleanly: boolean;
  /** Whether offsets may be missing between two segments: cleaning takes records away, nothing else does. */
  readonly mayHaveGaps: boolean;
}
