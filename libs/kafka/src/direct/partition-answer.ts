import { PartitionError } from './errors.js';

/** What a broker answered for the one partition that it was asked about. Throws `PartitionError`, whose message begins with `what`. */
export function partitionAnswer<T extends { readonly errorCode: number }>(
  answer: T | undefined,
  topic: string,
  partition: number,
  what: string,
): T {
  if (answer?.errorCode === 0) return answer;
  throw new PartitionError(answer?.errorCode ?? 'UNKNOWN_SERVER_ERROR', topic, partition, what);
}
