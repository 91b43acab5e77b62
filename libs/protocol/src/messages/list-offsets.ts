import { api } from '../schema/api.js';
import { int16, int32, int64, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  request: message(
    'ListOffsetsRequest',
    { versions: '1-10', flexible: '6+' },
    {
      replicaId: int32(),
      isolationLevel: int8({ versions: '2+' }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          currentLeaderEpoch: int32({ versions: '4+', default: -1, ignorable: true }),
          timestamp: int64(),
        }),
      }),
      timeoutMs: int32({ versions: '10+', ignorable: true }),
    },
  ),
  response: message(
    'ListOffsetsResponse',
    { versions: '1-10', flexible: '6+' },
    {
      throttleTimeMs: int32({ versions: '2+', ignorable: true }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          errorCode: int16(),
          timestamp: int64({ default: -1n }),
          offset: int64({ default: -1n }),
          leaderEpoch: int32({ versions: '4+', default: -1 }),
        }),
      }),
    },
  ),
});
