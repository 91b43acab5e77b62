import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt } from './answer-error.js';

/* LeaveGroup, versions 0 to 5; several members from 3 on, static ones by their instance alone (KIP-345). */
export const leaveGroup = defineHandler(
  apis.leaveGroup,
  { versions: [0, 5] },
  (request, { broker, version }) => {
    const leave = (memberId: string, instanceId: string | null): number =>
      attempt(() => broker.groups.coordinator.leave(request.groupId, { memberId, instanceId }), broker.logger)
        .errorCode;
    if (version < 3) return { throttleTimeMs: 0, errorCode: leave(request.memberId, null) };
    if (request.groupId === '')
      return { throttleTimeMs: 0, errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
    if (broker.groups.current === null) {
      return { throttleTimeMs: 0, errorCode: ErrorCode.NOT_COORDINATOR, members: [] };
    }
    const members = request.members.map(({ memberId, groupInstanceId }) => ({
      memberId,
      groupInstanceId,
      errorCode: leave(memberId, groupInstanceId),
    }));
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, members };
  },
);
