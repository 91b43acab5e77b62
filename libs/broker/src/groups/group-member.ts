import type { Timer } from '@oubliette/runtime';
import type {
  ClientIdentity,
  JoinRequest,
  JoinResult,
  MemberProtocol,
  SyncResult,
} from './group-messages.js';

/** One member of a classic group. A waiting answer is owned by the request that waits for it. */
export interface GroupMember extends ClientIdentity {
  id: string;
  readonly instanceId: string | null;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: readonly MemberProtocol[];
  assignment: Uint8Array;
  /** Until its first generation: then it is removed when that takes too long, even while its join waits. */
  isNew: boolean;
  answerJoin: ((result: JoinResult) => void) | null;
  answerSync: ((result: SyncResult) => void) | null;
  session: Timer | null;
}

export function newMember(id: string, request: JoinRequest, client: ClientIdentity): GroupMember {
  return {
    ...client,
    id,
    instanceId: request.instanceId,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocols: request.protocols,
    assignment: new Uint8Array(0),
    isNew: true,
    answerJoin: null,
    answerSync: null,
    session: null,
  };
}

/** What the member says about itself under the protocol; nothing when it does not offer it. */
export function metadataFor(member: GroupMember, protocolName: string | null): Uint8Array {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? new Uint8Array(0);
}

/** Whether the member offers exactly these protocols, in this order, with these bytes. */
export function offersSame(member: GroupMember, protocols: readonly MemberProtocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(({ name, metadata }, index) => {
      const other = protocols[index];
      return (
        other !== undefined &&
        other.name === name &&
        other.metadata.length === metadata.length &&
        metadata.every((byte, at) => other.metadata[at] === byte)
      );
    })
  );
}
