import { api } from '../schema/api.js';
import { array, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  request: message(
    'FindCoordinatorRequest',
    { versions: '0-6', flexible: '3+' },
    {
      key: string({ versions: '0-3' }),
      keyType: int8({ versions: '1+', default: 0 }),
      coordinatorKeys: array(string(), { versions: '4+' }),
    },
  ),
  response: message(
    'FindCoordinatorResponse',
    { versions: '0-6', flexible: '3+' },
    {
      throttleTimeMs: int32({ versions: '1+', ignorable: true }),
      errorCode: int16({ versions: '0-3' }),
      errorMessage: string({ versions: '1-3', nullable: '1-3', ignorable: true }),
      nodeId: int32({ versions: '0-3' }),
      host: string({ versions: '0-3' }),
      port: int32({ versions: '0-3' }),
      coordinators: structs(
        {
          key: string(),
          nodeId: int32(),
          host: string(),
          port: int32(),
          errorCode: int16(),
          errorMessage: string({ nullable: '4+' }),
        },
        { versions: '4+' },
      ),
    },
  ),
});
