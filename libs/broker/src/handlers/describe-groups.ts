import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { groupOperations, notAsked } from './authorized-operations.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * DescribeGroups, versions 0 to 6. A group that is not there is Dead without an error up to version 5, GROUP_ID_NOT_FOUND from 6 on
 * (KIP-1043).
 */
export const describeGroups = defineHandler(
  apis.describeGroups,
  { versions: [0, 6] },
  async (request, { broker, version }) => {
    const authorizedOperations = request.includeAuthorizedOperations ? groupOperations : notAsked;
    const groups = await new TimeSlice(broker.clock).map(request.groups, (groupId) => {
      const coordinator = broker.groups.of(groupId);
      if (coordinator === null) return noCoordinator(groupId);
      const group = coordinator.describe(groupId);
      if (group === null) {
        const isError = version >= 6;
        return {
          errorCode: isError ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE,
          errorMessage: isError ? `Group ${groupId} not found.` : null,
          groupId,
          groupState: 'Dead',
          protocolType: '',
          protocolData: '',
          members: [],
          authorizedOperations: isError ? notAsked : authorizedOperations,
        };
      }
      return {
        errorCode: ErrorCode.NONE,
        errorMessage: null,
        groupId,
        groupState: group.state,
        protocolType: group.protocolType,
        protocolData: group.protocol,
        members: group.members.map(({ instanceId, metadata, assignment, ...member }) => ({
          ...member,
          groupInstanceId: instanceId,
          memberMetadata: metadata,
          memberAssignment: assignment,
        })),
        authorizedOperations,
      };
    });
    return { throttleTimeMs: 0, groups };
  },
);

function noCoordinator(groupId: string) {
  return {
    errorCode: ErrorCode.NOT_COORDINATOR,
    errorMessage: null,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
    authorizedOperations: notAsked,
  };
}
