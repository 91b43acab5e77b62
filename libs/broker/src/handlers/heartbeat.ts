import { apis } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { attempt } from './answer-error.js';

/* Heartbeat, versions 0 to 4. REBALANCE_IN_PROGRESS tells the member to join again. */
export const heartbeat = defineHandler(apis.heartbeat, { versions: [0, 4] }, (request, { broker }) => {
  const { errorCode } = attempt(
    () =>
      broker.groups.coordinatorOf(request.groupId).heartbeat({
        groupId: request.groupId,
        memberId: request.memberId,
        instanceId: request.groupInstanceId,
        generation: request.generationId,
      }),
    broker.logger,
  );
  return { throttleTimeMs: 0, errorCode };
});
