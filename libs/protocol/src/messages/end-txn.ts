import { api } from '../schema/api.js';
import { boolean, int16, int32, int64, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  request: message(
    'EndTxnRequest',
    { versions: '0-5', flexible: '3+' },
    {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      committed: boolean(),
    },
  ),
  response: message(
    'EndTxnResponse',
    { versions: '0-5', flexible: '3+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      producerId: int64({ versions: '5+', default: -1n, ignorable: true }),
      producerEpoch: int16({ versions: '5+', default: -1, ignorable: true }),
    },
  ),
});
