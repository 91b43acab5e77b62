import { api } from '../schema/api.js';
import { int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  request: message(
    'DeleteRecordsRequest',
    { versions: '0-2', flexible: '2+' },
    {
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          offset: int64(),
        }),
      }),
      timeoutMs: int32(),
    },
  ),
  response: message(
    'DeleteRecordsResponse',
    { versions: '0-2', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          lowWatermark: int64(),
          errorCode: int16(),
        }),
      }),
    },
  ),
});
