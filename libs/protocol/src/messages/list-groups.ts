import { api } from '../schema/api.js';
import { array, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  request: message(
    'ListGroupsRequest',
    { versions: '0-5', flexible: '3+' },
    {
      statesFilter: array(string(), { versions: '4+' }),
      typesFilter: array(string(), { versions: '5+' }),
    },
  ),
  response: message(
    'ListGroupsResponse',
    { versions: '0-5', flexible: '3+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      errorCode: int16(),
      groups: structs({
        groupId: string(),
        protocolType: string(),
        groupState: string({ versions: '4+', ignorable: true }),
        groupType: string({ versions: '5+', ignorable: true }),
      }),
    },
  ),
});
