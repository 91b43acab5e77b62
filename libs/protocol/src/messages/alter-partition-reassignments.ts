import { api } from '../schema/api.js';
import { array, boolean, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const alterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  request: message(
    'AlterPartitionReassignmentsRequest',
    { versions: '0-1', flexible: '0+' },
    {
      timeoutMs: int32({ default: 60000 }),
      allowReplicationFactorChange: boolean({ versions: '1+', default: true }),
      topics: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          replicas: array(int32(), { nullable: '0+', default: null }),
        }),
      }),
    },
  ),
  response: message(
    'AlterPartitionReassignmentsResponse',
    { versions: '0-1', flexible: '0+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      allowReplicationFactorChange: boolean({ versions: '1+', default: true, ignorable: true }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      responses: structs({
        name: string(),
        partitions: structs({
          partitionIndex: int32(),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+' }),
        }),
      }),
    },
  ),
});
