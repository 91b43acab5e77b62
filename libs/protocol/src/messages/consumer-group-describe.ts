import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int8, string, struct, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

const topicPartitions = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
} as const;

const assignment = {
  topicPartitions: structs(topicPartitions),
} as const;

export const consumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  request: message(
    'ConsumerGroupDescribeRequest',
    { versions: '0-1', flexible: '0+' },
    {
      groupIds: array(string()),
      includeAuthorizedOperations: boolean(),
    },
  ),
  response: message(
    'ConsumerGroupDescribeResponse',
    { versions: '0-1', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      groups: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        groupId: string(),
        groupState: string(),
        groupEpoch: int32(),
        assignmentEpoch: int32(),
        assignorName: string(),
        members: structs({
          memberId: string(),
          instanceId: string({ nullable: '0+', default: null }),
          rackId: string({ nullable: '0+', default: null }),
          memberEpoch: int32(),
          clientId: string(),
          clientHost: string(),
          subscribedTopicNames: array(string()),
          subscribedTopicRegex: string({ nullable: '0+', default: null }),
          assignment: struct(assignment),
          targetAssignment: struct(assignment),
          memberType: int8({ versions: '1+', default: -1, ignorable: true }),
        }),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    },
  ),
});
