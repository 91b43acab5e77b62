import { api } from '../schema/api.js';
import { int16, int32, int64, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  request: message(
    'AddOffsetsToTxnRequest',
    { versions: '0-4', flexible: '3+' },
    {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      groupId: string(),
    },
  ),
  response: message(
    'AddOffsetsToTxnResponse',
    { versions: '0-4', flexible: '3+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
    },
  ),
});
