import { api } from '../schema/api.js';
import { int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  request: message(
    'LeaveGroupRequest',
    { versions: '0-5', flexible: '4+' },
    {
      groupId: string(),
      memberId: string({ versions: '0-2' }),
      members: structs(
        {
          memberId: string(),
          groupInstanceId: string({ nullable: '3+', default: null }),
          reason: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
        },
        { versions: '3+' },
      ),
    },
  ),
  response: message(
    'LeaveGroupResponse',
    { versions: '0-5', flexible: '4+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      errorCode: int16(),
      members: structs(
        {
          memberId: string(),
          groupInstanceId: string({ nullable: '3+' }),
          errorCode: int16(),
        },
        { versions: '3+' },
      ),
    },
  ),
});
