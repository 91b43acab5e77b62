import { api } from '../schema/api.js';
import { bytes, int16, int64, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const saslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  request: message(
    'SaslAuthenticateRequest',
    { versions: '0-2', flexible: '2+' },
    {
      authBytes: bytes(),
    },
  ),
  response: message(
    'SaslAuthenticateResponse',
    { versions: '0-2', flexible: '2+' },
    {
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      authBytes: bytes(),
      sessionLifetimeMs: int64({ versions: '1+', default: 0n, ignorable: true }),
    },
  ),
});
