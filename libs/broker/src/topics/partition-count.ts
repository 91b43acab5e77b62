import { KafkaError } from '@oubliette/protocol';
import type { StoredTopic } from './cluster-store.js';

/** A bound on one topic, so that a typing error does not open a million files. */
const maxPartitions = 10_000;

/** Throws INVALID_PARTITIONS for a count that no topic can have. */
export function checkPartitionCount(count: number): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  if (count > maxPartitions) {
    throw new KafkaError('INVALID_PARTITIONS', `Number of partitions is above ${maxPartitions}.`);
  }
}

/** Throws INVALID_PARTITIONS when the count does not grow, or grows too far. */
export function checkGrowth({ name, partitions }: StoredTopic, count: number): void {
  if (count < partitions) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      `The topic ${name} currently has ${partitions} partition(s); ${count} would not be an increase.`,
    );
  }
  if (count === partitions) {
    throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${count} partition(s).`);
  }
  checkPartitionCount(count);
}
