import { KafkaError } from '@oubliette/protocol';
import type { ClassicGroup } from './classic-group.js';
import type { GroupMember } from './group-member.js';
import type { LeavingMember } from './group-messages.js';

/** The member a request speaks for. Throws UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another one took its instance over. */
export function requireMember(group: ClassicGroup, request: LeavingMember): GroupMember {
  if (request.instanceId !== null) {
    const current = group.memberIdOf(request.instanceId);
    if (current === undefined) throw new KafkaError('UNKNOWN_MEMBER_ID');
    if (current !== request.memberId) throw new KafkaError('FENCED_INSTANCE_ID');
  }
  const member = group.members.get(request.memberId);
  if (member === undefined) throw new KafkaError('UNKNOWN_MEMBER_ID');
  return member;
}
