import { api } from '../schema/api.js';
import { int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  request: message(
    'OffsetDeleteRequest',
    { versions: '0' },
    {
      groupId: string(),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
        }),
      }),
    },
  ),
  response: message(
    'OffsetDeleteResponse',
    { versions: '0' },
    {
      errorCode: int16(),
      throttleTimeMs: int32({ default: 0 }),
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
