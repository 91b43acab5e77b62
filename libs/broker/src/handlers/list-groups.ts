import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/* ListGroups, versions 0 to 5, with the filters by state (4) and type (5), without regard to case. All groups are classic. */
export const listGroups = defineHandler(apis.listGroups, { versions: [0, 5] }, (request, { broker }) => {
  const passes = (filter: readonly string[], value: string): boolean =>
    filter.length === 0 || filter.some((entry) => entry.toLowerCase() === value.toLowerCase());
  const groups = (broker.groups.current?.list() ?? [])
    .filter(({ state }) => passes(request.statesFilter, state) && passes(request.typesFilter, 'classic'))
    .map(({ groupId, protocolType, state }) => ({
      groupId,
      protocolType,
      groupState: state,
      groupType: 'classic',
    }));
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, groups };
});
