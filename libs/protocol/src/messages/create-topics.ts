import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int8, string, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  request: message(
    'CreateTopicsRequest',
    { versions: '2-7', flexible: '5+' },
    {
      topics: structs({
        name: string(),
        numPartitions: int32(),
        replicationFactor: int16(),
        assignments: structs({
          partitionIndex: int32(),
          brokerIds: array(int32()),
        }),
        configs: structs({
          name: string(),
          value: string({ nullable: '0+' }),
        }),
      }),
      timeoutMs: int32({ default: 60000 }),
      validateOnly: boolean({ default: false }),
    },
  ),
  response: message(
    'CreateTopicsResponse',
    { versions: '2-7', flexible: '5+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      topics: structs({
        name: string(),
        topicId: uuid({ versions: '7+', ignorable: true }),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        topicConfigErrorCode: int16({ versions: '5+', tag: 0, ignorable: true }),
        numPartitions: int32({ versions: '5+', default: -1, ignorable: true }),
        replicationFactor: int16({ versions: '5+', default: -1, ignorable: true }),
        configs: structs(
          {
            name: string(),
            value: string({ nullable: '5+' }),
            readOnly: boolean(),
            configSource: int8({ default: -1 }),
            isSensitive: boolean(),
          },
          { versions: '5+', nullable: '5+', ignorable: true },
        ),
      }),
    },
  ),
});
