import { KafkaError } from '@oubliette/protocol';

/** The only broker has led each of its partitions since ever. */
export const currentLeaderEpoch = 0;

/** What a client says that it knows; -1 says nothing. Throws FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH (KIP-320). */
export function checkLeaderEpoch(asked: number): void {
  if (asked < 0 || asked === currentLeaderEpoch) return;
  throw new KafkaError(asked < currentLeaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH');
}
