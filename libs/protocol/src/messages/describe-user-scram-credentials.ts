import { api } from '../schema/api.js';
import { int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  request: message(
    'DescribeUserScramCredentialsRequest',
    { versions: '0', flexible: '0+' },
    {
      users: structs(
        {
          name: string(),
        },
        { nullable: '0+' },
      ),
    },
  ),
  response: message(
    'DescribeUserScramCredentialsResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      results: structs({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        credentialInfos: structs({
          mechanism: int8(),
          iterations: int32(),
        }),
      }),
    },
  ),
});
