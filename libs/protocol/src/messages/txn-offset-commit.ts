import { api } from '../schema/api.js';
import { int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  request: message(
    'TxnOffsetCommitRequest',
    { versions: '0-5', flexible: '3+' },
    {
      transactionalId: string(),
      groupId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      generationId: int32({ versions: '3+', default: -1 }),
      memberId: string({ versions: '3+', default: '' }),
      groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
          committedMetadata: string({ nullable: '0+' }),
        }),
      }),
    },
  ),
  response: message(
    'TxnOffsetCommitResponse',
    { versions: '0-5', flexible: '3+' },
    {
      throttleTimeMs: int32(),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    },
  ),
});
