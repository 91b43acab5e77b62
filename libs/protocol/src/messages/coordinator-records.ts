import { array, bytes, int16, int32, int64, int8, string, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

/*
 * What coordinators keep in __consumer_offsets and __transaction_state (the definitions in Kafka's group-coordinator and
 * transaction-coordinator jars). In the log a key stands behind an int16 that names the kind of record (1 offset, 2 group; 0
 * transaction), a value behind an int16 that is its version.
 */

export const offsetCommitKey = message(
  'OffsetCommitKey',
  { versions: '0' },
  {
    group: string(),
    topic: string(),
    partition: int32(),
  },
);

export const offsetCommitValue = message(
  'OffsetCommitValue',
  { versions: '0-4', flexible: '4+' },
  {
    offset: int64(),
    leaderEpoch: int32({ versions: '3+', default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ versions: '1', default: -1n, ignorable: true }),
    topicId: uuid({ versions: '4+', tag: 0, ignorable: true }),
  },
);

export const groupMetadataKey = message(
  'GroupMetadataKey',
  { versions: '0' },
  {
    group: string(),
  },
);

const memberMetadata = {
  memberId: string(),
  groupInstanceId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ versions: '1+', default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
} as const;

export const groupMetadataValue = message(
  'GroupMetadataValue',
  { versions: '0-4', flexible: '4+' },
  {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: int64({ versions: '2+', default: -1n, ignorable: true }),
    members: structs(memberMetadata),
  },
);

export const transactionLogKey = message(
  'TransactionLogKey',
  { versions: '0' },
  {
    transactionalId: string(),
  },
);

export const transactionLogValue = message(
  'TransactionLogValue',
  { versions: '0-1', flexible: '1+' },
  {
    producerId: int64(),
    previousProducerId: int64({ versions: '1+', default: -1n, tag: 0 }),
    nextProducerId: int64({ versions: '1+', default: -1n, tag: 1 }),
    producerEpoch: int16(),
    nextProducerEpoch: int16({ versions: '1+', default: -1, tag: 3 }),
    transactionTimeoutMs: int32(),
    transactionStatus: int8(),
    transactionPartitions: structs(
      {
        topic: string(),
        partitionIds: array(int32()),
      },
      { nullable: '0+' },
    ),
    transactionLastUpdateTimestampMs: int64(),
    transactionStartTimestampMs: int64(),
    clientTransactionVersion: int16({ versions: '1+', default: 0, tag: 2 }),
  },
);
