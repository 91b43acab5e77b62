import { api } from '../schema/api.js';
import { bytes, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  request: message(
    'SyncGroupRequest',
    { versions: '0-5', flexible: '4+' },
    {
      groupId: string(),
      generationId: int32(),
      memberId: string(),
      groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
      protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      assignments: structs({
        memberId: string(),
        assignment: bytes(),
      }),
    },
  ),
  response: message(
    'SyncGroupResponse',
    { versions: '0-5', flexible: '4+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      errorCode: int16(),
      protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
      assignment: bytes(),
    },
  ),
});
