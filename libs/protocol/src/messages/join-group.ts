import { api } from '../schema/api.js';
import { boolean, bytes, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  request: message(
    'JoinGroupRequest',
    { versions: '0-9', flexible: '6+' },
    {
      groupId: string(),
      sessionTimeoutMs: int32(),
      rebalanceTimeoutMs: int32({ versions: '1+', default: -1, ignorable: true }),
      memberId: string(),
      groupInstanceId: string({ versions: '5+', nullable: '5+', default: null }),
      protocolType: string(),
      protocols: structs({
        name: string(),
        metadata: bytes(),
      }),
      reason: string({ versions: '8+', nullable: '8+', default: null, ignorable: true }),
    },
  ),
  response: message(
    'JoinGroupResponse',
    { versions: '0-9', flexible: '6+' },
    {
      throttleTimeMs: int32({ versions: '2+', ignorable: true }),
      errorCode: int16(),
      generationId: int32({ default: -1 }),
      protocolType: string({ versions: '7+', nullable: '7+', default: null, ignorable: true }),
      protocolName: string({ nullable: '7+' }),
      leader: string(),
      skipAssignment: boolean({ versions: '9+', default: false }),
      memberId: string(),
      members: structs({
        memberId: string(),
        groupInstanceId: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
        metadata: bytes(),
      }),
    },
  ),
});
