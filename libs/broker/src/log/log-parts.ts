import type { Clock, Disk } from '@oubliette/runtime';
import type { Logger } from '../logger.js';
import type { LeaderEpochs } from './leader-epochs.js';
import type { LogConfig } from './partition-log.js';
import type { ProducerSnapshots } from './producer-snapshots.js';
import type { ProducerStates } from './producer-states.js';
import type { RollJitter } from './roll.js';
import type { SegmentList } from './segment-list.js';

/** What a log is made of; `loadLog` finds it on disk. Directory, settings and log start may change while it lives. */
export interface LogParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  readonly rollJitter: RollJitter;
  readonly segments: SegmentList;
  readonly producers: ProducerStates;
  readonly snapshots: ProducerSnapshots;
  readonly leaderEpochs: LeaderEpochs;
  /** That of this life of the broker. */
  readonly leaderEpoch: number;
  readonly logStartOffset: bigint;
}
