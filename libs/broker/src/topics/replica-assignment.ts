import { KafkaError } from '@oubliette/protocol';

/** Throws INVALID_REPLICA_ASSIGNMENT for replicas that are not on this broker alone (ReplicationControlManager). */
export function checkReplicas(brokerIds: readonly number[], nodeId: number, factor: number | null): void {
  const refuse = (text: string): never => {
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', `The manual partition assignment includes ${text}`);
  };
  if (brokerIds.length === 0) refuse('an empty replica list.');
  const sorted = [...brokerIds].sort((a, b) => a - b);
  for (const [index, id] of sorted.entries()) {
    if (id !== nodeId) refuse(`broker ${id}, but no such broker is registered.`);
    if (index > 0) refuse(`the broker ${id} more than once.`);
  }
  if (factor !== null && sorted.length !== factor) {
    refuse(
      `a partition with ${sorted.length} replica(s), but this is not consistent with previous partitions, ` +
        `which have ${factor} replica(s).`,
    );
  }
}

/** Throws INVALID_REPLICATION_FACTOR for more replicas than there are brokers. */
export function checkReplicationFactor(factor: number): void {
  if (factor < -1 || factor === 0) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
}

/** Throws INVALID_REPLICATION_FACTOR when one broker cannot hold that many replicas. */
export function checkPlacement(factor: number): void {
  if (factor === 1) return;
  const why =
    factor < 1
      ? `Invalid replication factor ${factor}: the replication factor must be positive.`
      : `The target replication factor of ${factor} cannot be reached because only 1 broker(s) are registered.`;
  throw new KafkaError(
    'INVALID_REPLICATION_FACTOR',
    `Unable to replicate the partition ${factor} time(s): ${why}`,
  );
}

/** Throws INVALID_REPLICA_ASSIGNMENT unless every partition from 0 on stands once, on this broker. */
export function checkAssignments(
  assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[],
  nodeId: number,
): void {
  const seen = new Set<number>();
  for (const { partitionIndex, brokerIds } of assignments) {
    if (seen.has(partitionIndex)) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      );
    }
    checkReplicas(brokerIds, nodeId, seen.size === 0 ? null : 1);
    seen.add(partitionIndex);
  }
  if (assignments.some((_, index) => !seen.has(index))) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      'partitions should be a consecutive 0-based integer sequence',
    );
  }
}
