import { api } from '../schema/api.js';
import { array, int16, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const saslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  request: message(
    'SaslHandshakeRequest',
    { versions: '0-1' },
    {
      mechanism: string(),
    },
  ),
  response: message(
    'SaslHandshakeResponse',
    { versions: '0-1' },
    {
      errorCode: int16(),
      mechanisms: array(string()),
    },
  ),
});
