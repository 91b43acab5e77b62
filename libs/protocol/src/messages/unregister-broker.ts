import { api } from '../schema/api.js';
import { int16, int32, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const unregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  request: message(
    'UnregisterBrokerRequest',
    { versions: '0', flexible: '0+' },
    {
      brokerId: int32(),
    },
  ),
  response: message(
    'UnregisterBrokerResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
    },
  ),
});
