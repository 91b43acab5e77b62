import { apis, ErrorCode } from '@oubliette/protocol';
import type { GroupCoordinator } from '../groups/group-coordinator.js';
import {
  refusedJoin,
  type ClientIdentity,
  type JoinRequest,
  type JoinResult,
} from '../groups/group-messages.js';
import { defineHandler } from '../server/api-handler.js';

/*
 * JoinGroup, versions 0 to 9. From 4 on a new dynamic member gets MEMBER_ID_REQUIRED and an id first (KIP-394); static members from
 * 5 on (KIP-345). The answer waits until the group has gathered.
 */
export const joinGroup = defineHandler(
  apis.joinGroup,
  { versions: [0, 9] },
  async (request, { broker, version, client }) => {
    const { error, generation, members, ...result } = await join(
      broker.groups.of(request.groupId),
      {
        groupId: request.groupId,
        memberId: request.memberId,
        instanceId: request.groupInstanceId,
        protocolType: request.protocolType,
        // Copies: what a member said outlives the frame it came in.
        protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() })),
        sessionTimeoutMs: request.sessionTimeoutMs,
        rebalanceTimeoutMs: version === 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
        requireKnownMemberId: version >= 4,
        supportsSkippingAssignment: version >= 9,
      },
      client,
    );
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode[error],
      generationId: generation,
      ...result,
      protocolName: result.protocolName ?? (version >= 7 ? null : ''),
      members: members.map(({ memberId, instanceId, metadata }) => ({
        memberId,
        groupInstanceId: instanceId,
        metadata,
      })),
    };
  },
);

async function join(
  coordinator: GroupCoordinator | null,
  request: JoinRequest,
  client: ClientIdentity,
): Promise<JoinResult> {
  if (coordinator === null) return refusedJoin('NOT_COORDINATOR', '');
  return coordinator.join(request, client);
}
