import { api } from '../schema/api.js';
import { boolean, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  request: message(
    'AlterConfigsRequest',
    { versions: '0-2', flexible: '2+' },
    {
      resources: structs({
        resourceType: int8(),
        resourceName: string(),
        configs: structs({
          name: string(),
          value: string({ nullable: '0+' }),
        }),
      }),
      validateOnly: boolean(),
    },
  ),
  response: message(
    'AlterConfigsResponse',
    { versions: '0-2', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      responses: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
      }),
    },
  ),
});
