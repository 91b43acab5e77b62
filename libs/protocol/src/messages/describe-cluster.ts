import { api } from '../schema/api.js';
import { boolean, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  request: message(
    'DescribeClusterRequest',
    { versions: '0-2', flexible: '0+' },
    {
      includeClusterAuthorizedOperations: boolean(),
      endpointType: int8({ versions: '1+', default: 1 }),
      includeFencedBrokers: boolean({ versions: '2+' }),
    },
  ),
  response: message(
    'DescribeClusterResponse',
    { versions: '0-2', flexible: '0+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      endpointType: int8({ versions: '1+', default: 1 }),
      clusterId: string(),
      controllerId: int32({ default: -1 }),
      brokers: structs({
        brokerId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: '0+', default: null }),
        isFenced: boolean({ versions: '2+' }),
      }),
      clusterAuthorizedOperations: int32({ default: -2147483648 }),
    },
  ),
});
