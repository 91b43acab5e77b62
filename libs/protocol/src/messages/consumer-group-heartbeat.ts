import { api } from '../schema/api.js';
import { array, int16, int32, string, struct, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
} as const;

export const consumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  request: message(
    'ConsumerGroupHeartbeatRequest',
    { versions: '0-1', flexible: '0+' },
    {
      groupId: string(),
      memberId: string(),
      memberEpoch: int32(),
      instanceId: string({ nullable: '0+', default: null }),
      rackId: string({ nullable: '0+', default: null }),
      rebalanceTimeoutMs: int32({ default: -1 }),
      subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
      subscribedTopicRegex: string({ versions: '1+', nullable: '1+', default: null }),
      serverAssignor: string({ nullable: '0+', default: null }),
      topicPartitions: structs(
        {
          topicId: uuid(),
          partitions: array(int32()),
        },
        { nullable: '0+', default: null },
      ),
    },
  ),
  response: message(
    'ConsumerGroupHeartbeatResponse',
    { versions: '0-1', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      memberId: string({ nullable: '0+', default: null }),
      memberEpoch: int32(),
      heartbeatIntervalMs: int32(),
      assignment: struct(
        {
          topicPartitions: structs(topicPartitions),
        },
        { nullable: '0+', default: null },
      ),
    },
  ),
});
