import { apis, ErrorCode } from '@oubliette/protocol';
import { refusedSync, type SyncResult } from '../groups/group-messages.js';
import { defineHandler } from '../server/api-handler.js';

/*
 * SyncGroup, versions 0 to 5. The leader brings the assignment; each member's answer is its part, once it is stored. From 5 on the
 * protocol's type and name must be said (KIP-559, KafkaApis.handleSyncGroupRequest).
 */
export const syncGroup = defineHandler(
  apis.syncGroup,
  { versions: [0, 5] },
  async (request, { broker, version }) => {
    const { protocolType, protocolName } = request;
    if (version >= 5 && (protocolType === null || protocolName === null)) {
      return answer(refusedSync('INCONSISTENT_GROUP_PROTOCOL'));
    }
    const coordinator = broker.groups.of(request.groupId);
    if (coordinator === null) return answer(refusedSync('NOT_COORDINATOR'));
    const result = await coordinator.sync({
      groupId: request.groupId,
      memberId: request.memberId,
      instanceId: request.groupInstanceId,
      generation: request.generationId,
      protocolType,
      protocolName,
      assignments: request.assignments,
    });
    return answer(result);
  },
);

function answer({ error, ...result }: SyncResult) {
  return { throttleTimeMs: 0, errorCode: ErrorCode[error], ...result };
}
