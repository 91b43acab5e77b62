import { ErrorCode, type ErrorName } from '@oubliette/protocol';

/** One partition as a client wants it read. */
export interface WantedPartition {
  /** As the client named it: by name up to version 12, by id from 13 on; the other one is looked up. */
  readonly topicId: string;
  /** Undefined for an id that no topic has. */
  readonly topic: string | undefined;
  readonly partition: number;
  readonly fetchOffset: bigint;
  readonly maxBytes: number;
  /** -1: the client does not say. */
  readonly leaderEpoch: number;
  /** Epoch of the last record the client has; -1: it does not say. */
  readonly lastFetchedEpoch: number;
}

/** One partition of an answer, with the topic it belongs to. */
export interface PartitionAnswer {
  readonly wanted: WantedPartition;
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly { producerId: bigint; firstOffset: bigint }[] | null;
  readonly divergingEpoch?: { readonly epoch: number; readonly endOffset: bigint };
  /** Told to a client that took an earlier leader for the one in force. */
  readonly currentLeader?: { readonly leaderId: number; readonly leaderEpoch: number };
  readonly records: Uint8Array;
}

export const noRecords = new Uint8Array(0);

/** The answer for a partition that cannot be read. */
export function refusedPartition(wanted: WantedPartition, errorCode: number): PartitionAnswer {
  return {
    wanted,
    partitionIndex: wanted.partition,
    errorCode,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStartOffset: -1n,
    abortedTransactions: null,
    records: noRecords,
  };
}

/** For a topic or partition that is not there: Kafka lists no aborted transactions here, where elsewhere it says null. */
export function missingPartition(wanted: WantedPartition, error: ErrorName): PartitionAnswer {
  return { ...refusedPartition(wanted, ErrorCode[error]), abortedTransactions: [] };
}
