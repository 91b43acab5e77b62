import { apis, type EncodableRequestOf, type ResponseOf } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { commit, join, plain } from './group-cases.js';
import { until, type Case, type Side } from './two-brokers.js';

/** Small enough to see a group full, and a session end, within a test. */
export const memberSettings = { 'group.max.size': '2', 'group.min.session.timeout.ms': '500' };
/** No session ends during a test, however slow the machine; who does not come to a rebalance is soon left out. */
const lasting = { sessionTimeoutMs: 600_000, rebalanceTimeoutMs: 3_000 };
const memberIdRequired = 79;

type Joined = ResponseOf<'joinGroup'>;
type JoinMore = Partial<EncodableRequestOf<'joinGroup'>>;
type Timeouts = typeof lasting;

/** One client that is or wants to be a member, on a connection of its own. What it was answered is kept under its name. */
export class Member {
  memberId = '';
  generationId = -1;

  constructor(
    readonly name: string,
    readonly groupId: string,
    public client: WireClient,
    readonly seen: unknown[],
    readonly groupInstanceId: string | null,
    private readonly timeouts: Timeouts = lasting,
  ) {}

  get #me() {
    const { groupId, memberId, generationId, groupInstanceId } = this;
    return { groupId, memberId, generationId, groupInstanceId };
  }

  async join(more: JoinMore = {}, version = 5): Promise<Joined> {
    const { memberId, groupInstanceId, timeouts } = this;
    const request = { ...join(this.groupId, { ...timeouts, memberId, groupInstanceId }), ...more };
    const answer = await this.client.call(apis.joinGroup, version, request);
    const leads = answer.leader !== '' && answer.leader === answer.memberId;
    if (answer.memberId !== '') this.memberId = answer.memberId;
    this.generationId = answer.generationId;
    this.#note('join', { ...answer, leader: leads, members: answer.members.length });
    return answer;
  }

  /** Joins as clients do: once more with the id that the first answer brings. */
  async enter(more: JoinMore = {}): Promise<Joined> {
    const first = await this.join(more);
    return first.errorCode === memberIdRequired ? this.join(more) : first;
  }

  async sync(assigned: readonly Member[] = []): Promise<void> {
    const assignments = assigned.map(({ memberId, name }) => ({
      memberId,
      assignment: Buffer.from(`for ${name}`),
    }));
    const body = { ...this.#me, protocolType: 'consumer', protocolName: 'range', assignments };
    this.#note('sync', await this.client.call(apis.syncGroup, 3, body));
  }

  async heartbeat(): Promise<void> {
    this.#note('heartbeat', await this.client.call(apis.heartbeat, 4, this.#me));
  }

  /** Heartbeats that are not noted, until the group is in the state. */
  async stayUntilGroupIs(state: string): Promise<void> {
    await until(`${this.groupId} as ${state}`, async () => {
      await this.client.call(apis.heartbeat, 4, this.#me);
      return (await this.#state()) === state;
    });
  }

  async leave(version = 3): Promise<void> {
    const { groupId, memberId, groupInstanceId } = this;
    const body =
      version < 3
        ? { groupId, memberId }
        : { groupId, members: [{ memberId, groupInstanceId, reason: 'done' }] };
    this.#note('leave', await this.client.call(apis.leaveGroup, version, body));
  }

  async commit(): Promise<void> {
    const { memberId, groupInstanceId, generationId: generationIdOrMemberEpoch } = this;
    const me = { memberId, groupInstanceId, generationIdOrMemberEpoch };
    this.#note('commit', await this.client.call(apis.offsetCommit, 8, commit(this.groupId, [{}], me)));
  }

  async describe(): Promise<void> {
    const asked = { groups: [this.groupId], includeAuthorizedOperations: false };
    this.#note('describe', await this.client.call(apis.describeGroups, 5, asked));
    for (const state of ['Empty', 'Stable', 'PreparingRebalance', 'CompletingRebalance', 'Dead']) {
      const { groups } = await this.client.call(apis.listGroups, 5, {
        statesFilter: [state],
        typesFilter: [],
      });
      this.#note(
        `listed as ${state}`,
        groups.filter(({ groupId }) => groupId === this.groupId),
      );
    }
  }

  /** Waits until the group is in the state. */
  async untilGroupIs(state: string): Promise<void> {
    await until(`${this.groupId} as ${state}`, async () => (await this.#state()) === state);
  }

  async #state(): Promise<string | undefined> {
    const { groups } = await this.client.call(apis.describeGroups, 5, { groups: [this.groupId] });
    return groups[0]?.groupState;
  }

  #note(what: string, answer: unknown): void {
    this.seen.push([`${this.name} ${what}`, plain(answer)]);
  }
}

export type Making = (name: string, groupInstanceId?: string | null) => Promise<Member>;

/** A case with members; their answers are compared as a set, since which of two that wait is answered first is by chance. */
export const withMembers =
  (
    groupId: string,
    work: (member: Making, seen: unknown[]) => Promise<void>,
    timeouts: Timeouts = lasting,
  ): Case =>
  async (side: Side) => {
    const seen: unknown[] = [];
    const clients: WireClient[] = [];
    try {
      await work(async (name, groupInstanceId = null) => {
        const client = await side.connect();
        clients.push(client);
        return new Member(name, groupId, client, seen, groupInstanceId, timeouts);
      }, seen);
    } finally {
      for (const client of clients) client.end();
    }
    return asSet(seen);
  };

export function asSet(seen: readonly unknown[]): string[] {
  return seen.map((entry) => JSON.stringify(entry)).sort();
}

/** The first, alone and stable, and the second in its group; nobody has synced the generation of both. */
export async function gather(a: Member, b: Member, more: JoinMore = {}): Promise<void> {
  await a.enter(more);
  await a.sync([a]);
  const entering = b.enter(more);
  await a.untilGroupIs('PreparingRebalance');
  await Promise.all([entering, a.join(more)]);
}

/** Two members of a stable group, of which the first leads. */
export async function settleBoth(a: Member, b: Member, more: JoinMore = {}): Promise<void> {
  await gather(a, b, more);
  await Promise.all([b.sync(), a.sync([a, b])]);
}
