import { api } from '../schema/api.js';
import { int16, int32, int64, string } from '../schema/field.js';
import { message } from '../schema/message.js';

export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  request: message(
    'InitProducerIdRequest',
    { versions: '0-5', flexible: '2+' },
    {
      transactionalId: string({ nullable: '0+' }),
      transactionTimeoutMs: int32(),
      producerId: int64({ versions: '3+', default: -1n }),
      producerEpoch: int16({ versions: '3+', default: -1 }),
    },
  ),
  response: message(
    'InitProducerIdResponse',
    { versions: '0-5', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16(),
      producerId: int64({ default: -1n }),
      producerEpoch: int16(),
    },
  ),
});
