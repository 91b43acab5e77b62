import { api } from '../schema/api.js';
import { array, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const listPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  request: message(
    'ListPartitionReassignmentsRequest',
    { versions: '0', flexible: '0+' },
    {
      timeoutMs: int32({ default: 60000 }),
      topics: structs(
        {
          name: string(),
          partitionIndexes: array(int32()),
        },
        { nullable: '0+', default: null },
      ),
    },
  ),
  response: message(
    'ListPartitionReassignmentsResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          replicas: array(int32()),
          addingReplicas: array(int32()),
          removingReplicas: array(int32()),
        }),
      }),
    },
  ),
});
