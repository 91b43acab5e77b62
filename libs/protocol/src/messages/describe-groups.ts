import { api } from '../schema/api.js';
import { array, boolean, bytes, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  request: message(
    'DescribeGroupsRequest',
    { versions: '0-6', flexible: '5+' },
    {
      groups: array(string()),
      includeAuthorizedOperations: boolean({ versions: '3+' }),
    },
  ),
  response: message(
    'DescribeGroupsResponse',
    { versions: '0-6', flexible: '5+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      groups: structs({
        errorCode: int16(),
        errorMessage: string({ versions: '6+', nullable: '6+', default: null }),
        groupId: string(),
        groupState: string(),
        protocolType: string(),
        protocolData: string(),
        members: structs({
          memberId: string(),
          groupInstanceId: string({ versions: '4+', nullable: '4+', default: null, ignorable: true }),
          clientId: string(),
          clientHost: string(),
          memberMetadata: bytes(),
          memberAssignment: bytes(),
        }),
        authorizedOperations: int32({ versions: '3+', default: -2147483648 }),
      }),
    },
  ),
});
