import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noError } from './answer-error.js';
import { clusterOperations, notAsked } from './authorized-operations.js';

/* DescribeCluster, versions 0 to 2. There are brokers (endpoint type 1) and no separate controllers: UNSUPPORTED_ENDPOINT_TYPE. */
const brokers = 1;
const controllers = 2;

/** Version 0 has no field for the type, and so no error of its own for it. */
function refuseEndpoint(endpointType: number, version: number) {
  const isKnown = endpointType === controllers;
  const errorCode =
    version === 0
      ? ErrorCode.INVALID_REQUEST
      : isKnown
        ? ErrorCode.MISMATCHED_ENDPOINT_TYPE
        : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
  const errorMessage = isKnown
    ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
    : `Unsupported endpoint type ${endpointType}`;
  return { throttleTimeMs: 0, errorCode, errorMessage, clusterId: '', brokers: [] };
}

export const describeCluster = defineHandler(
  apis.describeCluster,
  { versions: [0, 2] },
  (request, { broker, version }) => {
    const { nodeId, host, port, rack } = broker.advertised;
    if (request.endpointType !== brokers) return refuseEndpoint(request.endpointType, version);
    return {
      throttleTimeMs: 0,
      ...noError,
      endpointType: brokers,
      clusterId: broker.registry.clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, host, port, rack, isFenced: false }],
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? clusterOperations : notAsked,
    };
  },
);
