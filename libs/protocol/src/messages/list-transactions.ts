import { api } from '../schema/api.js';
import { array, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const listTransactions = api({
  key: 66,
  name: 'ListTransactions',
  request: message(
    'ListTransactionsRequest',
    { versions: '0-2', flexible: '0+' },
    {
      stateFilters: array(string()),
      producerIdFilters: array(int64()),
      durationFilter: int64({ versions: '1+', default: -1n }),
      transactionalIdPattern: string({ versions: '2+', nullable: '2+', default: null }),
    },
  ),
  response: message(
    'ListTransactionsResponse',
    { versions: '0-2', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      unknownStateFilters: array(string()),
      transactionStates: structs({
        transactionalId: string(),
        producerId: int64(),
        transactionState: string(),
      }),
    },
  ),
});
