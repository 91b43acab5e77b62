import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const writeTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  request: message(
    'WriteTxnMarkersRequest',
    { versions: '1', flexible: '1+' },
    {
      markers: structs({
        producerId: int64(),
        producerEpoch: int16(),
        transactionResult: boolean(),
        topics: structs({
          name: string(),
          partitionIndexes: array(int32()),
        }),
        coordinatorEpoch: int32(),
      }),
    },
  ),
  response: message(
    'WriteTxnMarkersResponse',
    { versions: '1', flexible: '1+' },
    {
      markers: structs({
        producerId: int64(),
        topics: structs({
          name: string(),
          partitions: structs({
            partitionIndex: int32(),
            errorCode: int16(),
          }),
        }),
      }),
    },
  ),
});
