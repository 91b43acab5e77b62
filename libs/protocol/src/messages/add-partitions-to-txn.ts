import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

const addPartitionsToTxnTopic = {
  name: string(),
  partitions: array(int32()),
} as const;

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32(),
  partitionErrorCode: int16(),
} as const;

const addPartitionsToTxnTopicResult = {
  name: string(),
  resultsByPartition: structs(addPartitionsToTxnPartitionResult),
} as const;

export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  request: message(
    'AddPartitionsToTxnRequest',
    { versions: '0-5', flexible: '3+' },
    {
      transactions: structs(
        {
          transactionalId: string(),
          producerId: int64(),
          producerEpoch: int16(),
          verifyOnly: boolean({ default: false }),
          topics: structs(addPartitionsToTxnTopic),
        },
        { versions: '4+' },
      ),
      v3AndBelowTransactionalId: string({ versions: '0-3' }),
      v3AndBelowProducerId: int64({ versions: '0-3' }),
      v3AndBelowProducerEpoch: int16({ versions: '0-3' }),
      v3AndBelowTopics: structs(addPartitionsToTxnTopic, { versions: '0-3' }),
    },
  ),
  response: message(
    'AddPartitionsToTxnResponse',
    { versions: '0-5', flexible: '3+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16({ versions: '4+', ignorable: true }),
      resultsByTransaction: structs(
        {
          transactionalId: string(),
          topicResults: structs(addPartitionsToTxnTopicResult),
        },
        { versions: '4+' },
      ),
      resultsByTopicV3AndBelow: structs(addPartitionsToTxnTopicResult, { versions: '0-3' }),
    },
  ),
});
