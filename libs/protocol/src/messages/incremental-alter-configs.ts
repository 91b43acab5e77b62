import { api } from '../schema/api.js';
import { boolean, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  request: message(
    'IncrementalAlterConfigsRequest',
    { versions: '0-1', flexible: '1+' },
    {
      resources: structs({
        resourceType: int8(),
        resourceName: string(),
        configs: structs({
          name: string(),
          configOperation: int8(),
          value: string({ nullable: '0+' }),
        }),
      }),
      validateOnly: boolean(),
    },
  ),
  response: message(
    'IncrementalAlterConfigsResponse',
    { versions: '0-1', flexible: '1+' },
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
