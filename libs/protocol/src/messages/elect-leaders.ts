import { api } from '../schema/api.js';
import { array, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const electLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  request: message(
    'ElectLeadersRequest',
    { versions: '0-2', flexible: '2+' },
    {
      electionType: int8({ versions: '1+' }),
      topicPartitions: structs(
        {
          topic: string(),
          partitions: array(int32()),
        },
        { nullable: '0+' },
      ),
      timeoutMs: int32({ default: 60000 }),
    },
  ),
  response: message(
    'ElectLeadersResponse',
    { versions: '0-2', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16({ versions: '1+' }),
      replicaElectionResults: structs({
        topic: string(),
        partitionResult: structs({
          partitionId: int32(),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+' }),
        }),
      }),
    },
  ),
});
