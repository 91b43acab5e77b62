import { api } from '../schema/api.js';
import { array, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  request: message(
    'DescribeTransactionsRequest',
    { versions: '0', flexible: '0+' },
    {
      transactionalIds: array(string()),
    },
  ),
  response: message(
    'DescribeTransactionsResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      transactionStates: structs({
        errorCode: int16(),
        transactionalId: string(),
        transactionState: string(),
        transactionTimeoutMs: int32(),
        transactionStartTimeMs: int64(),
        producerId: int64(),
        producerEpoch: int16(),
        topics: structs({
          topic: string(),
          partitions: array(int32()),
        }),
      }),
    },
  ),
});
