import { setTimeout as sleep } from 'node:timers/promises';
import { apis, type EncodableRequestOf, type ResponseOf } from '@oubliette/protocol';
import { subscription } from '../groups/coordinator-fixture.js';
import type { WireClient } from '../support/wire-client.js';
import { commit, join, plain } from './group-cases.js';
import type { Case, Side } from './two-brokers.js';

/* Groups of several members: who waits for whom, who is removed when, what each is told. */

/** Small enough to see a group full, and a member removed, within a test. */
export const memberSettings = { 'group.max.size': '2', 'group.min.session.timeout.ms': '500' };
const sessionMs = 1_000;
const rebalanceMs = 2_000;

type Joined = ResponseOf<'joinGroup'>;

/** One client that is or wants to be a member, on a connection of its own. What it was answered is kept under its name. */
class Member {
  memberId = '';
  generationId = -1;

  constructor(
    readonly name: string,
    readonly groupId: string,
    readonly client: WireClient,
    readonly seen: unknown[],
    readonly groupInstanceId: string | null,
  ) {}

  get #me() {
    const { groupId, memberId, generationId, groupInstanceId } = this;
    return { groupId, memberId, generationId, groupInstanceId };
  }

  async join(more: Partial<EncodableRequestOf<'joinGroup'>> = {}, version = 5): Promise<Joined> {
    const timeouts = { sessionTimeoutMs: sessionMs, rebalanceTimeoutMs: rebalanceMs };
    const { memberId, groupInstanceId } = this;
    const request = { ...join(this.groupId, { ...timeouts, memberId, groupInstanceId }), ...more };
    const answer = await this.client.call(apis.joinGroup, version, request);
    const leads = answer.leader !== '' && answer.leader === answer.memberId;
    if (answer.memberId !== '') this.memberId = answer.memberId;
    this.generationId = answer.generationId;
    this.#note('join', { ...answer, leader: leads, members: answer.members.length });
    return answer;
  }

  /** Joins as clients do: once more with the id that the first answer brings. */
  async enter(more: Partial<EncodableRequestOf<'joinGroup'>> = {}): Promise<Joined> {
    const first = await this.join(more);
    return first.errorCode === 79 ? this.join(more) : first;
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

  #note(what: string, answer: unknown): void {
    this.seen.push([`${this.name} ${what}`, plain(answer)]);
  }
}

type Making = (name: string, groupInstanceId?: string | null) => Promise<Member>;

/** A case with members; their answers are compared as a set, since which of two that wait is answered first is by chance. */
const withMembers =
  (groupId: string, work: (member: Making, seen: unknown[]) => Promise<void>): Case =>
  async (side: Side) => {
    const seen: unknown[] = [];
    const clients: WireClient[] = [];
    try {
      await work(async (name, groupInstanceId = null) => {
        const client = await side.connect();
        clients.push(client);
        return new Member(name, groupId, client, seen, groupInstanceId);
      }, seen);
    } finally {
      for (const client of clients) client.end();
    }
    return seen.map((entry) => JSON.stringify(entry)).sort();
  };

/** Two members of a stable group, of which the first leads. */
async function pair(member: Making): Promise<readonly [Member, Member]> {
  const [a, b] = [await member('a'), await member('b')];
  await a.enter();
  await a.sync([a]);
  const entering = b.enter();
  await rebalancing(a);
  await Promise.all([entering, a.join()]);
  await Promise.all([b.sync(), a.sync([a, b])]);
  return [a, b];
}

/** Waits until the group is gathering its members. */
async function rebalancing({ client, groupId }: Member): Promise<void> {
  for (;;) {
    const { groups } = await client.call(apis.describeGroups, 5, { groups: [groupId] });
    if (groups[0]?.groupState === 'PreparingRebalance') return;
  }
}

export const memberCases: Readonly<Record<string, Case>> = {
  'two members, and a third that finds no room': withMembers('full', async (member) => {
    const [a, b] = await pair(member);
    const c = await member('c');
    await c.join({}, 3);
    await c.join({}, 5);
    await a.describe();
    await b.heartbeat();
    await b.leave();
    await a.heartbeat();
    await a.join();
    await a.sync([a]);
    await c.enter().catch(() => undefined);
  }),

  'a follower joins again unchanged, with other protocols, and the leader': withMembers(
    'again',
    async (member) => {
      const [a, b] = await pair(member);
      await b.join();
      await a.heartbeat();
      const protocols = [
        { name: 'sticky', metadata: subscription('other') },
        { name: 'range', metadata: subscription('grouped') },
      ];
      const changed = b.join({ protocols });
      await rebalancing(a);
      await a.commit();
      await a.sync([a, b]);
      await a.heartbeat();
      await Promise.all([changed, a.join()]);
      await b.commit();
      await b.heartbeat();
      await a.describe();
      await Promise.all([b.sync(), a.sync([b])]);
      await a.describe();
      const leading = a.join();
      await rebalancing(b);
      await Promise.all([leading, b.join()]);
    },
  ),

  'a member that is not heard of': withMembers('silent', async (member) => {
    const [a, b] = await pair(member);
    const until = performance.now() + 2 * sessionMs;
    while (performance.now() < until) {
      await a.client.call(apis.heartbeat, 4, { ...a, groupInstanceId: null });
      await sleep(50);
    }
    await b.heartbeat();
    await a.heartbeat();
    await a.join();
    await a.sync([a]);
    await sleep(2 * sessionMs);
    await a.heartbeat();
    await a.commit();
    await a.describe();
  }),

  'a member that does not join again, and one that does not sync': withMembers('late', async (member) => {
    const [a, b] = await pair(member);
    const rejoining = b.join({ protocols: [{ name: 'range', metadata: subscription('other') }] });
    await rebalancing(a);
    let isOver = false;
    const over = rejoining.then(() => b.sync([b])).finally(() => (isOver = true));
    while (!isOver) {
      await a.client.call(apis.heartbeat, 4, { ...a, groupInstanceId: null });
      await sleep(50);
    }
    await over;
    await a.heartbeat();
    await b.describe();
  }),

  'static members': withMembers('fixed', async (member) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    const twin = await member('twin', 'one');
    await a.enter();
    await a.sync([a]);
    const entering = b.enter();
    await rebalancing(a);
    await Promise.all([entering, a.join()]);
    await Promise.all([b.sync(), a.sync([a, b])]);
    await twin.join();
    await a.heartbeat();
    await a.commit();
    await a.join();
    await a.sync();
    await twin.heartbeat();
    await twin.sync([twin, b]);
    await a.leave();
    await twin.describe();
    await twin.leave();
    await b.heartbeat();
  }),

  'static members with the same name at once': withMembers('twins', async (member) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    await a.enter();
    await a.sync([a]);
    const entering = b.enter();
    await rebalancing(a);
    const twin = await member('twin', 'two');
    const replaced = twin.join();
    await entering;
    await Promise.all([a.join(), replaced]);
    await b.heartbeat();
    await Promise.all([twin.sync(), a.sync([a, twin])]);
  }),

  'ids given out and not used': withMembers('pending', async (member) => {
    const [a, b] = [await member('a'), await member('b')];
    await a.join();
    await a.heartbeat();
    await a.sync();
    await b.join();
    await b.leave(1);
    await b.leave(3);
    const second = a.join();
    await second;
    await a.sync([a]);
    await a.describe();
  }),
};
