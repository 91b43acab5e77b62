import { KafkaError } from '@oubliette/protocol';
import type { PartitionLog } from '../log/partition-log.js';

/** What a client says that it knows; -1 says nothing. Throws FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH (KIP-320). */
export function checkLeaderEpoch(asked: number, { leaderEpoch }: PartitionLog): void {
  if (asked < 0 || asked === leaderEpoch) return;
  throw new KafkaError(asked < leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH');
}
