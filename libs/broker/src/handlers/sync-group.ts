import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/* SyncGroup, versions 0 to 5. The leader brings the assignment; each member's answer is its part, once it is stored. */
export const syncGroup = defineHandler(apis.syncGroup, { versions: [0, 5] }, async (request, { broker }) => {
  const { error, ...result } = await broker.groups.sync({
    groupId: request.groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType: request.protocolType,
    protocolName: request.protocolName,
    assignments: request.assignments,
  });
  return { throttleTimeMs: 0, errorCode: ErrorCode[error], ...result };
});
