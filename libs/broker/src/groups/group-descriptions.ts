import type { ClassicGroup } from './classic-group.js';
import { metadataFor } from './group-member.js';

/** A group as ListGroups shows it. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
}

/** A group as DescribeGroups shows it. */
export interface GroupDescription {
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly clientId: string;
    readonly clientHost: string;
    readonly metadata: Uint8Array;
    readonly assignment: Uint8Array;
  }[];
}

export function listGroup({ id, protocolType, state }: ClassicGroup): ListedGroup {
  return { groupId: id, protocolType: protocolType ?? '', state };
}

export function describeGroup(group: ClassicGroup): GroupDescription {
  const isStable = group.state === 'Stable';
  return {
    state: group.state,
    protocolType: group.protocolType ?? '',
    protocol: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: isStable ? metadataFor(member, group.protocolName) : new Uint8Array(0),
      // Between two generations that of the old one, as far as it was not taken back.
      assignment: member.assignment,
    })),
  };
}
