import { api } from '../schema/api.js';
import { array, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  request: message(
    'DescribeProducersRequest',
    { versions: '0', flexible: '0+' },
    {
      topics: structs({
        name: string(),
        partitionIndexes: array(int32()),
      }),
    },
  ),
  response: message(
    'DescribeProducersResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+', default: null }),
          activeProducers: structs({
            producerId: int64(),
            producerEpoch: int32(),
            lastSequence: int32({ default: -1 }),
            lastTimestamp: int64({ default: -1n }),
            coordinatorEpoch: int32(),
            currentTxnStartOffset: int64({ default: -1n }),
          }),
        }),
      }),
    },
  ),
});
