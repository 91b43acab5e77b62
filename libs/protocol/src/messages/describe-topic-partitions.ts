import { api } from '../schema/api.js';
import { array, boolean, int16, int32, string, struct, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  request: message(
    'DescribeTopicPartitionsRequest',
    { versions: '0', flexible: '0+' },
    {
      topics: structs({
        name: string(),
      }),
      responsePartitionLimit: int32({ default: 2000 }),
      cursor: struct(
        {
          topicName: string(),
          partitionIndex: int32(),
        },
        { nullable: '0+', default: null },
      ),
    },
  ),
  response: message(
    'DescribeTopicPartitionsResponse',
    { versions: '0', flexible: '0+' },
    {
      throttleTimeMs: int32({ ignorable: true }),
      topics: structs({
        errorCode: int16(),
        name: string({ nullable: '0+' }),
        topicId: uuid({ ignorable: true }),
        isInternal: boolean({ default: false, ignorable: true }),
        partitions: structs({
          errorCode: int16(),
          partitionIndex: int32(),
          leaderId: int32(),
          leaderEpoch: int32({ default: -1, ignorable: true }),
          replicaNodes: array(int32()),
          isrNodes: array(int32()),
          eligibleLeaderReplicas: array(int32(), { nullable: '0+', default: null }),
          lastKnownElr: array(int32(), { nullable: '0+', default: null }),
          offlineReplicas: array(int32(), { ignorable: true }),
        }),
        topicAuthorizedOperations: int32({ default: -2147483648 }),
      }),
      nextCursor: struct(
        {
          topicName: string(),
          partitionIndex: int32(),
        },
        { nullable: '0+', default: null },
      ),
    },
  ),
});
