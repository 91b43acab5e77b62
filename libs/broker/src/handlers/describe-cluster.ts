import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noError } from './answer-error.js';
import { clusterOperations, notAsked } from './authorized-operations.js';

/* DescribeCluster, versions 0 to 2. There are brokers (endpoint type 1) and no separate controllers: UNSUPPORTED_ENDPOINT_TYPE. */
const brokers = 1;

export const describeCluster = defineHandler(
  apis.describeCluster,
  { versions: [0, 2] },
  (request, { broker }) => {
    const { nodeId, host, port } = broker.advertised;
    if (request.endpointType !== brokers) {
      const errorCode =
        request.endpointType === 2 ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
      const errorMessage = 'This endpoint is a broker.';
      return { throttleTimeMs: 0, errorCode, errorMessage, clusterId: '', brokers: [] };
    }
    return {
      throttleTimeMs: 0,
      ...noError,
      endpointType: brokers,
      clusterId: broker.registry.clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, host, port, rack: null, isFenced: false }],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : notAsked,
    };
  },
);
