import { api } from '../schema/api.js';
import { int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  request: message(
    'OffsetForLeaderEpochRequest',
    { versions: '2-4', flexible: '4+' },
    {
      replicaId: int32({ versions: '3+', default: -2, ignorable: true }),
      topics: structs({
        topic: string(),
        partitions: structs({
          partition: int32(),
          currentLeaderEpoch: int32({ default: -1, ignorable: true }),
          leaderEpoch: int32(),
        }),
      }),
    },
  ),
  response: message(
    'OffsetForLeaderEpochResponse',
    { versions: '2-4', flexible: '4+' },
    {
      throttleTimeMs: int32({ ignorable: true }),
      topics: structs({
        topic: string(),
        partitions: structs({
          errorCode: int16(),
          partition: int32(),
          leaderEpoch: int32({ default: -1, ignorable: true }),
          endOffset: int64({ default: -1n }),
        }),
      }),
    },
  ),
});
