import { api } from '../schema/api.js';
import { array, boolean, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  request: message(
    'CreatePartitionsRequest',
    { versions: '0-3', flexible: '2+' },
    {
      topics: structs({
        name: string(),
        count: int32(),
        assignments: structs(
          {
            brokerIds: array(int32()),
          },
          { nullable: '0+' },
        ),
      }),
      timeoutMs: int32(),
      validateOnly: boolean(),
    },
  ),
  response: message(
    'CreatePartitionsResponse',
    { versions: '0-3', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      results: structs({
        name: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    },
  ),
});
