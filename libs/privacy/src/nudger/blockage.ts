import type { PartitionCondition } from '@oubliette/kafka';
import type { UnseenReplica } from '../verification/erasure-evidence.js';
import type { StandingFile } from '../verification/key-files.js';

export type BlockageCode =
  | 'NO_LEADER'
  | 'TOO_FEW_IN_SYNC'
  | 'OPEN_TRANSACTION'
  | 'REPLICA_UNSEEN'
  | 'CLEANER_STUCK'
  | 'RETENTION_STUCK'
  | 'KEY_IN_FILE'
  | 'FILES_UNCLEAR';

/** Why records do not leave a partition. */
export interface Blockage {
  readonly code: BlockageCode;
  /** For the ledger and for operators; no personal data. */
  readonly message: string;
}

/** A partition in which erasures are held up. */
export interface BlockedPartition extends Blockage {
  readonly partition: number;
  /** Since when this is the reason, ms since the Unix epoch. */
  readonly since: number;
  /** How many erasures wait. */
  readonly jobs: number;
}

/** The same, of whichever topic. */
export interface BlockedTopic extends BlockedPartition {
  /** null: the key topic. */
  readonly topic: string | null;
}

/** A message names at most so many transactions. */
const mostNamed = 3;

/** What the partition's condition says; null: nothing that would hold up the cleaner. */
export function blockageBy(condition: PartitionCondition): Blockage | null {
  const { leader, inSync, minInSync, openTransactions } = condition;
  if (leader === null)
    return { code: 'NO_LEADER', message: 'the partition has no leader: start the brokers of its replicas' };
  if (inSync < minInSync) {
    return {
      code: 'TOO_FEW_IN_SYNC',
      message: `${inSync} ${inSync === 1 ? 'replica' : 'replicas'} in sync of min.insync.replicas=${minInSync}: the high watermark stands still`,
    };
  }
  if (openTransactions.length === 0) return null;
  const named = openTransactions
    .slice(0, mostNamed)
    .map(
      ({ producerId, startOffset }) =>
        `open transaction of producer ${producerId} since offset ${startOffset}`,
    );
  const others = openTransactions.length - named.length;
  return {
    code: 'OPEN_TRANSACTION',
    message: `${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`,
  };
}

/** Nothing stands where one can look; these cannot be looked at. */
export function blockageByUnseen(unseen: readonly UnseenReplica[]): Blockage {
  const named = unseen.map(({ replica, why }) => `${replica} (${why})`).join(', ');
  return { code: 'REPLICA_UNSEEN', message: `the replica on broker ${named} cannot be seen` };
}

/** Nothing explains it, and the bound has passed. */
export function cleanerStuck(brokers: readonly number[], boundMs: number): Blockage {
  return {
    code: 'CLEANER_STUCK',
    message: `the cleaner of broker ${brokers.join(', ')} left records beyond the bound of ${boundMs} ms: look for uncleanable partitions in its log`,
  };
}

/** Nothing explains it, and the bound has passed. */
export function retentionStuck(brokers: readonly number[], boundMs: number): Blockage {
  return {
    code: 'RETENTION_STUCK',
    message: `retention on broker ${brokers.join(', ')} left records beyond the bound of ${boundMs} ms: look for records dated ahead, and for offline log directories`,
  };
}

/** Who named a copy may have named somebody, and a name may have line ends: an address stands in no ledger, and no log has lines of others. */
const plainPath = /^[\w.-]{1,255}(?:\/[\w.-]{1,255})?$/;

/** The log has it no more: no cleaning takes it. */
export function keyInFile({ replica, file }: StandingFile): Blockage {
  const named = plainPath.test(file) ? file : 'a file (`oubliette erasure verify` names it)';
  return {
    code: 'KEY_IN_FILE',
    message: `a key stands in ${named}${replica === null ? '' : ` of broker ${replica}`}, and in its log no more: is it a copy that somebody made?`,
  };
}

/** Nothing stands in what can be read. */
export function unclearFiles(brokers: readonly number[]): Blockage {
  return {
    code: 'FILES_UNCLEAR',
    message: `files of broker ${brokers.join(', ')} could not all be read: \`oubliette erasure verify\` names them`,
  };
}
