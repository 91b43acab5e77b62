import type { ErrorName } from '@oubliette/protocol';

/** One assignment strategy a member offers, with what it tells the leader about itself. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

/** Who asks: as the client and its address present themselves. */
export interface ClientIdentity {
  readonly clientId: string;
  readonly clientHost: string;
}

export interface JoinRequest {
  readonly groupId: string;
  /** '' for a member that has no id yet. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** JoinGroup ≥ 4: a new dynamic member must first fetch an id (KIP-394). */
  readonly requireKnownMemberId: boolean;
  /** JoinGroup ≥ 9: a returning static leader may be told to skip assigning (KIP-814). */
  readonly supportsSkippingAssignment: boolean;
}

export interface JoinResult {
  readonly error: ErrorName;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly memberId: string;
  /** For the leader only. */
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

/** What every request of a member names; generation -1 and memberId '' where the request carries none. */
export interface MemberRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export interface SyncRequest extends MemberRequest {
  /** null before SyncGroup 5. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export interface SyncResult {
  readonly error: ErrorName;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Uint8Array;
}

export interface LeavingMember {
  readonly memberId: string;
  readonly instanceId: string | null;
}

const none = new Uint8Array(0);

export function refusedJoin(error: ErrorName, memberId: string): JoinResult {
  return {
    error,
    generation: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function refusedSync(error: ErrorName): SyncResult {
  return { error, protocolType: null, protocolName: null, assignment: none };
}
