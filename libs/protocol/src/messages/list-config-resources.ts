import { api } from '../schema/api.js';
import { array, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const listConfigResources = api({
  key: 74,
  name: 'ListConfigResources',
  request: message(
    'ListConfigResourcesRequest',
    { versions: '0-1', flexible: '0+' },
    {
      resourceTypes: array(int8(), { versions: '1+' }),
    },
  ),
  response: message(
    'ListConfigResourcesResponse',
    { versions: '0-1', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      configResources: structs({
        resourceName: string(),
        resourceType: int8({ versions: '1+', default: 16, ignorable: true }),
      }),
    },
  ),
});
