import { KafkaError, type ErrorName } from '@oubliette/protocol';
import type { ClassicGroup } from './classic-group.js';
import type { GroupMember } from './group-member.js';
import type { LeavingMember } from './group-messages.js';

/** The member a request speaks for, or UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another one took its instance over. */
export function findMember(group: ClassicGroup, request: LeavingMember): GroupMember | ErrorName {
  if (request.instanceId !== null) {
    const current = group.memberIdOf(request.instanceId);
    if (current === undefined) return 'UNKNOWN_MEMBER_ID';
    if (current !== request.memberId) return 'FENCED_INSTANCE_ID';
  }
  return group.members.get(request.memberId) ?? 'UNKNOWN_MEMBER_ID';
}

/** The same; throws KafkaError for the errors. */
export function requireMember(group: ClassicGroup, request: LeavingMember): GroupMember {
  const found = findMember(group, request);
  if (typeof found === 'string') throw new KafkaError(found);
  return found;
}
