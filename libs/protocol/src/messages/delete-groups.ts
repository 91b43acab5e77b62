import { api } from '../schema/api.js';
import { array, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  request: message(
    'DeleteGroupsRequest',
    { versions: '0-2', flexible: '2+' },
    {
      groupsNames: array(string()),
    },
  ),
  response: message(
    'DeleteGroupsResponse',
    { versions: '0-2', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      results: structs({
        groupId: string(),
        errorCode: int16(),
      }),
    },
  ),
});
