import { api } from '../schema/api.js';
import { bytes, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const alterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  request: message(
    'AlterUserScramCredentialsRequest',
    { versions: '0', flexible: '0+' },
    {
      deletions: structs({
        name: string(),
        mechanism: int8(),
      }),
      upsertions: structs({
        name: string(),
        mechanism: int8(),
        iterations: int32(),
        salt: bytes(),
        saltedPassword: bytes(),
      }),
    },
  ),
  response: message(
    'AlterUserScramCredentialsResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      results: structs({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    },
  ),
});
