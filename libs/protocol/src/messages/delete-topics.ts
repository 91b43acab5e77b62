import { api } from '../schema/api.js';
import { array, int16, int32, string, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  request: message(
    'DeleteTopicsRequest',
    { versions: '1-6', flexible: '4+' },
    {
      topics: structs(
        {
          name: string({ nullable: '6+', default: null }),
          topicId: uuid(),
        },
        { versions: '6+' },
      ),
      topicNames: array(string(), { versions: '0-5', ignorable: true }),
      timeoutMs: int32(),
    },
  ),
  response: message(
    'DeleteTopicsResponse',
    { versions: '1-6', flexible: '4+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      responses: structs({
        name: string({ nullable: '6+' }),
        topicId: uuid({ versions: '6+', ignorable: true }),
        errorCode: int16(),
        errorMessage: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      }),
    },
  ),
});
