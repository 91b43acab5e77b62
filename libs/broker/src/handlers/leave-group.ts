import { apis, ErrorCode } from '@oubliette/protocol';
import type { LeavingMember } from '../groups/group-messages.js';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/* LeaveGroup, versions 0 to 5; several members from 3 on, static ones by their instance alone (KIP-345). */
export const leaveGroup = defineHandler(apis.leaveGroup, { versions: [0, 5] }, (request, context) => {
  if (context.version < 3) {
    const [errorCode] = leave(request.groupId, [{ memberId: request.memberId, instanceId: null }], context);
    return { throttleTimeMs: 0, errorCode: errorCode ?? ErrorCode.NONE };
  }
  if (request.groupId === '')
    return { throttleTimeMs: 0, errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
  if (context.broker.groups.of(request.groupId) === null) {
    return { throttleTimeMs: 0, errorCode: ErrorCode.NOT_COORDINATOR, members: [] };
  }
  const leaving = request.members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    instanceId: groupInstanceId,
  }));
  const errorCodes = leave(request.groupId, leaving, context);
  const members = request.members.map(({ memberId, groupInstanceId }, index) => ({
    memberId,
    groupInstanceId,
    errorCode: errorCodes[index] ?? ErrorCode.UNKNOWN_SERVER_ERROR,
  }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, members };
});

/** Each member's error; that of the group where there is none. */
function leave(
  groupId: string,
  leaving: readonly LeavingMember[],
  { broker }: Pick<RequestContext, 'broker'>,
): number[] {
  try {
    return broker.groups
      .coordinatorOf(groupId)
      .leave(groupId, leaving)
      .map((name) => ErrorCode[name]);
  } catch (error) {
    const { errorCode } = answerError(error, broker.logger);
    return leaving.map(() => errorCode);
  }
}
