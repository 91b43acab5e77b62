import { api } from '../schema/api.js';
import { int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  request: message(
    'OffsetCommitRequest',
    { versions: '2-9', flexible: '8+' },
    {
      groupId: string(),
      generationIdOrMemberEpoch: int32({ default: -1 }),
      memberId: string(),
      groupInstanceId: string({ versions: '7+', nullable: '7+', default: null }),
      retentionTimeMs: int64({ versions: '2-4', default: -1n, ignorable: true }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32({ versions: '6+', default: -1, ignorable: true }),
          committedMetadata: string({ nullable: '0+' }),
        }),
      }),
    },
  ),
  response: message(
    'OffsetCommitResponse',
    { versions: '2-9', flexible: '8+' },
    {
      throttleTimeMs: int32({ versions: '3+', ignorable: true }),
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
