import { apis, ErrorCode } from '@oubliette/protocol';
import type { GroupService } from '../groups/group-service.js';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';
import { TimeSlice } from '../log/time-slice.js';

/* DeleteGroups, versions 0 to 2. Only a group without members; its offsets go with it. */
export const deleteGroups = defineHandler(
  apis.deleteGroups,
  { versions: [0, 2] },
  async (request, { broker }) => {
    const results = await new TimeSlice(broker.clock).mapTogether(request.groupsNames, (groupId) =>
      attemptDelete(groupId, broker.groups).then(
        () => ({ groupId, errorCode: ErrorCode.NONE as number }),
        (error: unknown) => ({ groupId, errorCode: answerError(error, broker.logger).errorCode }),
      ),
    );
    return { throttleTimeMs: 0, results };
  },
);

async function attemptDelete(groupId: string, groups: GroupService): Promise<void> {
  await groups.coordinatorOf(groupId).delete(groupId);
}
