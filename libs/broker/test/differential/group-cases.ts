import { apis, type Api, type Decoded, type Encodable, type Fields } from '@oubliette/protocol';
import { subscription } from '../groups/coordinator-fixture.js';
import type { WireClient } from '../support/wire-client.js';
import { answerOf, until, type Case } from './two-brokers.js';

export const groupTopics = { grouped: { partitions: 2 } };

/** Kafka answers first about what it refused. */
function sorted(entries: readonly unknown[]): unknown[] {
  const all = entries.map((entry) => JSON.stringify(plain(entry)));
  return all.sort().map((text) => JSON.parse(text) as unknown);
}

/** What is by chance or of one side only, out: member ids become `member`, addresses `address`. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return sorted(value);
  if (typeof value === 'string') return value.replace(/-[0-9a-f-]{36}$/, '-member');
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(
    ([name]) => name !== 'unknownTags' && name !== 'throttleTimeMs',
  );
  return Object.fromEntries(
    entries.map(([name, field]) => [name, name === 'host' || name === 'port' ? 'address' : plain(field)]),
  );
}

export class Asking {
  readonly seen: unknown[] = [];

  constructor(readonly client: WireClient) {}

  /** Sends it and keeps the plain answer. */
  async ask<Req extends Fields, Res extends Fields>(
    api: Api<Req, Res>,
    version: number,
    body: Encodable<Req>,
  ): Promise<Decoded<Res>> {
    const answer = await answerOf(this.client, api, version, body);
    this.seen.push(plain(answer));
    if (typeof answer === 'string') throw new Error(`${api.name} ${version}: ${answer}`);
    return answer;
  }
}

export const asking =
  (work: (asking: Asking) => Promise<void>): Case =>
  async (_side, client) => {
    const all = new Asking(client);
    await work(all);
    return all.seen;
  };

const member = { memberId: '', groupInstanceId: null, generationId: -1 };

export function join(groupId: string, more: object = {}) {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('grouped') }],
    reason: null,
    ...more,
  };
}

export function commit(groupId: string, partitions: readonly object[], more: object = {}) {
  const wanted = partitions.map((partition) => ({
    partitionIndex: 0,
    committedOffset: 7n,
    committedLeaderEpoch: 2,
    committedMetadata: 'note',
    ...partition,
  }));
  const topics = [{ name: 'grouped', partitions: wanted }];
  return {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1n,
    topics,
    ...more,
  };
}

/** Joins, syncs and gives what the member must then say about itself. */
async function settle(asked: Asking, groupId: string, groupInstanceId: string | null = null) {
  let joined = await asked.ask(apis.joinGroup, 5, join(groupId, { groupInstanceId }));
  if (joined.memberId !== '' && groupInstanceId === null) {
    joined = await asked.ask(apis.joinGroup, 5, join(groupId, { memberId: joined.memberId }));
  }
  const { memberId, generationId } = joined;
  const assignments = [{ memberId, assignment: Buffer.from('mine') }];
  const me = { groupId, memberId, generationId, groupInstanceId };
  await asked.ask(apis.syncGroup, 3, { ...me, protocolType: null, protocolName: null, assignments });
  return me;
}

/** Kafka makes its offsets topic when the first group asks, and needs a moment for it. */
export async function awaitCoordinator(client: WireClient): Promise<void> {
  await until('a coordinator that knows its groups', async () => {
    const answer = await client.call(apis.heartbeat, 3, { groupId: 'warm', ...member });
    const found = await client.call(apis.findCoordinator, 3, {
      key: 'warm',
      keyType: 0,
      coordinatorKeys: [],
    });
    // While it loads, Kafka's answers heartbeats with NONE; once it knows its groups, with UNKNOWN_MEMBER_ID.
    return found.errorCode === 0 && answer.errorCode === 25;
  });
}

export const groupCases: Readonly<Record<string, Case>> = {
  'joins that are refused': asking(async (asked) => {
    for (const version of [0, 3, 4, 7, 9]) {
      await asked.ask(apis.joinGroup, version, join(''));
      await asked.ask(apis.joinGroup, version, join('refused', { sessionTimeoutMs: 10 }));
      await asked.ask(apis.joinGroup, version, join('refused', { sessionTimeoutMs: 100_000_000 }));
      await asked.ask(apis.joinGroup, version, join('refused', { memberId: 'stranger' }));
      await asked.ask(apis.joinGroup, version, join('refused', { protocols: [] }));
      await asked.ask(apis.joinGroup, version, join('refused', { protocolType: '' }));
    }
  }),

  'requests of strangers': asking(async (asked) => {
    for (const groupId of ['', 'nowhere']) {
      const me = { groupId, memberId: 'stranger', generationId: 3, groupInstanceId: null };
      await asked.ask(apis.heartbeat, 4, me);
      await asked.ask(apis.syncGroup, 5, { ...me, protocolType: null, protocolName: null, assignments: [] });
      const members = [{ memberId: 'stranger', groupInstanceId: null, reason: null }];
      await asked.ask(apis.leaveGroup, 1, { groupId, memberId: 'stranger', members: [] });
      await asked.ask(apis.leaveGroup, 3, { groupId, memberId: '', members });
      await asked.ask(apis.leaveGroup, 5, { groupId, memberId: '', members });
      for (const version of [8, 9]) {
        const stranger = { generationIdOrMemberEpoch: 3, memberId: 'm' };
        await asked.ask(apis.offsetCommit, version, commit(groupId, [{}], stranger));
      }
    }
  }),

  'a group that has offsets alone': asking(async (asked) => {
    const me = { groupId: 'simple', memberId: 'stranger', generationId: 3, groupInstanceId: null };
    await asked.ask(apis.offsetCommit, 8, commit('simple', [{}]));
    for (const version of [8, 9]) {
      const stranger = { generationIdOrMemberEpoch: 3, memberId: 'm' };
      await asked.ask(apis.offsetCommit, version, commit('simple', [{}], stranger));
    }
    await asked.ask(apis.heartbeat, 4, me);
    await asked.ask(apis.joinGroup, 5, join('simple', { memberId: 'stranger', protocols: [] }));
    const topics = [{ name: 'grouped', partitions: [{ partitionIndex: 0 }] }];
    await asked.ask(apis.offsetDelete, 0, { groupId: 'simple', topics });
    await asked.ask(apis.describeGroups, 6, { groups: ['simple'], includeAuthorizedOperations: false });
    const { memberId } = await asked.ask(apis.joinGroup, 5, join('simple'));
    await asked.ask(apis.joinGroup, 5, join('simple', { memberId, groupInstanceId: 'one' }));
    const members = [{ memberId, groupInstanceId: 'one', reason: null }];
    await asked.ask(apis.leaveGroup, 5, { groupId: 'simple', memberId: '', members });
    await asked.ask(apis.joinGroup, 5, join('simple', { memberId }));
  }),

  'members that leave together': asking(async (asked) => {
    const members = ['one', 'two', 'three'].map((groupInstanceId) => ({
      memberId: '',
      groupInstanceId,
      reason: null,
    }));
    await settle(asked, 'together', 'one');
    await asked.ask(apis.leaveGroup, 5, { groupId: 'together', memberId: '', members });
    await asked.ask(apis.describeGroups, 6, { groups: ['together'], includeAuthorizedOperations: false });
  }),

  'the life of a dynamic member': asking(async (asked) => {
    const me = await settle(asked, 'dynamic');
    await asked.ask(apis.heartbeat, 4, me);
    await asked.ask(apis.heartbeat, 4, { ...me, generationId: 9 });
    await asked.ask(apis.heartbeat, 4, { ...me, memberId: 'stranger' });
    await asked.ask(apis.heartbeat, 4, { ...me, groupInstanceId: 'unheard' });
    const sync = { ...me, assignments: [] };
    await asked.ask(apis.syncGroup, 5, { ...sync, protocolType: 'consumer', protocolName: 'range' });
    await asked.ask(apis.syncGroup, 5, { ...sync, protocolType: 'consumer', protocolName: 'other' });
    await asked.ask(apis.syncGroup, 5, { ...sync, protocolType: 'connect', protocolName: 'range' });
    const commits = (more: object) => asked.ask(apis.offsetCommit, 8, commit('dynamic', [{}], more));
    await commits({ memberId: me.memberId, generationIdOrMemberEpoch: me.generationId });
    await commits({ memberId: me.memberId, generationIdOrMemberEpoch: 9 });
    await commits({});
    await asked.ask(apis.deleteGroups, 2, { groupsNames: ['dynamic'] });
    const topics = [{ name: 'grouped', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }];
    await asked.ask(apis.offsetDelete, 0, { groupId: 'dynamic', topics });
    await asked.ask(apis.joinGroup, 5, join('dynamic', { protocolType: 'connect' }));
    const other = [{ name: 'sticky', metadata: subscription('grouped') }];
    await asked.ask(apis.joinGroup, 5, join('dynamic', { protocols: other }));
    for (const version of [0, 5, 6]) {
      const includeAuthorizedOperations = version >= 3;
      await asked.ask(apis.describeGroups, version, { groups: ['dynamic'], includeAuthorizedOperations });
    }
    const members = [{ memberId: me.memberId, groupInstanceId: null, reason: null }];
    await asked.ask(apis.leaveGroup, 5, { groupId: 'dynamic', memberId: '', members });
    await asked.ask(apis.describeGroups, 6, { groups: ['dynamic'], includeAuthorizedOperations: false });
    await asked.ask(apis.offsetDelete, 0, { groupId: 'dynamic', topics });
    await asked.ask(apis.deleteGroups, 2, { groupsNames: ['dynamic'] });
    await asked.ask(apis.describeGroups, 6, { groups: ['dynamic'], includeAuthorizedOperations: false });
  }),

  'the life of a static member': asking(async (asked) => {
    const before = await settle(asked, 'static', 'one');
    const after = await asked.ask(apis.joinGroup, 9, join('static', { groupInstanceId: 'one' }));
    const me = { ...before, memberId: after.memberId };
    await asked.ask(apis.heartbeat, 4, before);
    await asked.ask(apis.heartbeat, 4, me);
    await asked.ask(apis.heartbeat, 4, { ...me, groupInstanceId: 'two' });
    await asked.ask(apis.joinGroup, 9, join('static', { groupInstanceId: 'one', memberId: before.memberId }));
    const old = {
      memberId: before.memberId,
      generationIdOrMemberEpoch: before.generationId,
      groupInstanceId: 'one',
    };
    await asked.ask(apis.offsetCommit, 8, commit('static', [{}], old));
    const leave = (memberId: string, groupInstanceId: string | null) => ({
      groupId: 'static',
      memberId: '',
      members: [{ memberId, groupInstanceId, reason: null }],
    });
    await asked.ask(apis.leaveGroup, 4, leave(before.memberId, 'one'));
    await asked.ask(apis.leaveGroup, 4, leave('', 'two'));
    await asked.ask(apis.leaveGroup, 4, leave('', null));
    await asked.ask(apis.leaveGroup, 4, leave('', 'one'));
    await asked.ask(apis.describeGroups, 6, { groups: ['static'], includeAuthorizedOperations: false });
  }),

  'offsets without members': asking(async (asked) => {
    const partitions = [
      {},
      { partitionIndex: 1, committedMetadata: null },
      { partitionIndex: 9 },
      { partitionIndex: -1 },
    ];
    for (const version of [2, 6, 9])
      await asked.ask(apis.offsetCommit, version, commit(`alone${version}`, partitions));
    await asked.ask(apis.offsetCommit, 8, commit('', [{}]));
    for (const note of ['é'.repeat(4096), 'x'.repeat(4097)]) {
      await asked.ask(apis.offsetCommit, 8, commit('notes', [{ committedMetadata: note }]));
    }
    await asked.ask(apis.offsetCommit, 8, commit('negative', [{ committedOffset: -5n }]));
    const topics = [
      { name: 'grouped', partitionIndexes: [0, 1, 9] },
      { name: 'unheard', partitionIndexes: [0] },
    ];
    for (const version of [1, 5, 7]) {
      for (const groupId of ['alone9', 'unheard', '']) {
        await asked.ask(apis.offsetFetch, version, { groupId, topics, groups: [], requireStable: false });
      }
    }
    await asked.ask(apis.offsetFetch, 7, {
      groupId: 'alone9',
      topics: null,
      groups: [],
      requireStable: true,
    });
    const groups = [
      { groupId: 'alone9', memberId: null, memberEpoch: -1, topics: null },
      { groupId: 'alone6', memberId: null, memberEpoch: -1, topics },
      { groupId: 'unheard', memberId: null, memberEpoch: -1, topics: null },
    ];
    await asked.ask(apis.offsetFetch, 9, { groupId: '', topics: [], groups, requireStable: true });
    await asked.ask(apis.describeGroups, 6, {
      groups: ['alone9', 'unheard', ''],
      includeAuthorizedOperations: false,
    });
    await asked.ask(apis.describeGroups, 5, { groups: ['unheard'], includeAuthorizedOperations: true });
  }),

  'offsets and groups deleted': asking(async (asked) => {
    const topics = [
      { name: 'grouped', partitions: [{ partitionIndex: 0 }, { partitionIndex: -1 }, { partitionIndex: 9 }] },
      { name: 'unheard', partitions: [{ partitionIndex: 0 }] },
    ];
    for (const groupId of ['alone2', 'unheard', ''])
      await asked.ask(apis.offsetDelete, 0, { groupId, topics });
    for (const version of [0, 2]) await asked.ask(apis.deleteGroups, version, { groupsNames: ['alone2'] });
    await asked.ask(apis.deleteGroups, 2, { groupsNames: [''] });
    await asked.ask(apis.deleteGroups, 2, { groupsNames: [] });
  }),

  'groups listed': asking(async (asked) => {
    const lists: readonly (readonly [string[], string[]])[] = [
      [['empty'], []],
      [['STABLE'], []],
      [['nonsense'], []],
      [[], ['Classic']],
      [[], ['consumer']],
    ];
    for (const [statesFilter, typesFilter] of lists) {
      const answer = await answerOf(asked.client, apis.listGroups, 5, { statesFilter, typesFilter });
      if (typeof answer === 'string') throw new Error(answer);
      const groups = [...answer.groups].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
      asked.seen.push(
        plain({ ...answer, groups: groups.filter(({ groupId }) => groupId.startsWith('alone')) }),
      );
    }
    await asked.ask(apis.listGroups, 5, { statesFilter: [], typesFilter: ['nonsense'] });
  }),

  coordinators: asking(async (asked) => {
    for (const version of [0, 1, 3]) {
      await asked.ask(apis.findCoordinator, version, { key: 'g', keyType: 0, coordinatorKeys: [] });
      await asked.ask(apis.findCoordinator, version, { key: '', keyType: 0, coordinatorKeys: [] });
    }
    await asked.ask(apis.findCoordinator, 4, { key: '', keyType: 0, coordinatorKeys: ['a', '', 'b'] });
    await asked.ask(apis.findCoordinator, 6, { key: '', keyType: 0, coordinatorKeys: [] });
  }),
};
