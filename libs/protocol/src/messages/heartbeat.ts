import { api } from '../schema/api.js';
import { int16, int32, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  request: message(
    'HeartbeatRequest',
    { versions: '0-4', flexible: '4+' },
    {
      groupId: string(),
      generationId: int32(),
      memberId: string(),
      groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
    },
  ),
  response: message(
    'HeartbeatResponse',
    { versions: '0-4', flexible: '4+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      errorCode: int16(),
    },
  ),
});
