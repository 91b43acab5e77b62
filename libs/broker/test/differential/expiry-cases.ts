import { apis } from '@oubliette/protocol';
import { subscription } from '../groups/coordinator-fixture.js';
import type { WireClient } from '../support/wire-client.js';
import { asking, commit, plain } from './group-cases.js';
import { settleBoth, withMembers } from './group-member.js';
import { isDeleted } from './group-record-cases.js';
import { until, type Case } from './two-brokers.js';

/* Groups and offsets that expire, looked at often; offsets by the time their clients said (OffsetCommit 2 to 4): a minute is long. */

export const expirySettings = {
  'offsets.retention.minutes': '1',
  'offsets.retention.check.interval.ms': '100',
  'group.min.session.timeout.ms': '500',
};
export const expiryTopics = { grouped: { partitions: 2 }, wide: { partitions: 40 } };

async function untilGone(client: WireClient, groupId: string): Promise<void> {
  await until(`${groupId} gone`, async () => {
    const { groups } = await client.call(apis.describeGroups, 5, { groups: [groupId] });
    return groups[0]?.groupState === 'Dead';
  });
}

async function committed(client: WireClient, groupId: string): Promise<unknown> {
  const answer = await client.call(apis.offsetFetch, 7, { groupId, topics: null, requireStable: true });
  return plain(answer.topics);
}

async function untilCommitted(client: WireClient, groupId: string, count: number): Promise<void> {
  await until(`${count} offsets of ${groupId}`, async () => {
    const answer = await client.call(apis.offsetFetch, 7, { groupId, topics: null, requireStable: true });
    return answer.topics.flatMap(({ partitions }) => partitions).length === count;
  });
}

const patient = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 };
const soon = { retentionTimeMs: 0n };

export const expiryCases: Readonly<Record<string, Case>> = {
  'offsets without members': asking(async ({ client, seen }) => {
    const keep = await client.call(apis.offsetCommit, 8, commit('simple', [{}]));
    const lose = await client.call(apis.offsetCommit, 3, commit('simple', [{ partitionIndex: 1 }], soon));
    seen.push(plain(keep), plain(lose));
    await untilCommitted(client, 'simple', 1);
    seen.push(await committed(client, 'simple'));
    await client.call(apis.offsetCommit, 3, commit('simple', [{}], soon));
    await untilGone(client, 'simple');
    seen.push(await committed(client, 'simple'));
  }),

  'offsets deleted, and their group with the next look': asking(async ({ client, seen }) => {
    await client.call(apis.offsetCommit, 8, commit('emptied', [{}]));
    const topics = [{ name: 'grouped', partitions: [{ partitionIndex: 0 }] }];
    seen.push(plain(await client.call(apis.offsetDelete, 0, { groupId: 'emptied', topics })));
    await untilGone(client, 'emptied');
  }),

  'a group without offsets, and one with an id that was given out': withMembers(
    'brief',
    async (member, seen) => {
      const [a, b] = [await member('a'), await member('b', 'fixed')];
      await a.join(patient);
      // Kafka shows a group once it is stored, a moment after it answered.
      await until('its deletion in the log', () => isDeleted(a.client, 'brief'));
      await a.join(patient);
      await b.enter(patient);
      await b.sync([b]);
      await b.leave();
      await untilGone(b.client, 'brief');
      seen.push(await committed(b.client, 'brief'));
    },
  ),

  'a living group, of what it subscribes to and of what not': withMembers('living', async (member, seen) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    await settleBoth(a, b, patient);
    const me = { memberId: a.memberId, generationIdOrMemberEpoch: a.generationId, ...soon };
    await a.client.call(apis.offsetCommit, 3, commit('living', [{}], me));
    const other = [{ name: 'wide', partitions: commit('living', [{}]).topics[0]?.partitions ?? [] }];
    await a.client.call(apis.offsetCommit, 3, { ...commit('living', [], me), topics: other });
    await untilCommitted(a.client, 'living', 1);
    seen.push(await committed(a.client, 'living'));
    const changed = b.join({ ...patient, protocols: [{ name: 'range', metadata: subscription('wide') }] });
    await a.untilGroupIs('PreparingRebalance');
    await Promise.all([
      changed,
      a.join({ ...patient, protocols: [{ name: 'range', metadata: subscription('wide') }] }),
    ]);
    await Promise.all([b.sync(), a.sync([a, b])]);
    await untilCommitted(a.client, 'living', 0);
    await a.describe();
    await a.leave();
    await b.leave();
    await untilGone(a.client, 'living');
  }),

  'more than one batch holds': asking(async ({ client, seen }) => {
    const bound = async (value: string): Promise<void> => {
      const configs = [{ name: 'max.message.bytes', configOperation: 0, value }];
      const resources = [{ resourceType: 2, resourceName: '__consumer_offsets', configs }];
      await client.call(apis.incrementalAlterConfigs, 1, { validateOnly: false, resources });
    };
    const all = Array.from({ length: 40 }, (_, partitionIndex) => partitionIndex);
    const commitAll = async (more: object): Promise<void> => {
      const offsets = all.map((partitionIndex) => ({ partitionIndex, committedMetadata: '' }));
      const topics = [{ name: 'wide', partitions: commit('many', offsets).topics[0]?.partitions ?? [] }];
      seen.push(plain(await client.call(apis.offsetCommit, 3, { ...commit('many', [], more), topics })));
    };
    await commitAll({});
    await bound('600');
    await until('a commit that is too large', async () => {
      const large = commit('bounded', [{ committedMetadata: 'x'.repeat(1_000) }]);
      const answer = await client.call(apis.offsetCommit, 8, large);
      return answer.topics[0]?.partitions[0]?.errorCode !== 0;
    });
    seen.push(plain(await client.call(apis.deleteGroups, 2, { groupsNames: ['many'] })));
    await commitAll({});
    for (const partitionIndex of all) {
      const one = [{ partitionIndex, committedMetadata: '' }];
      const topics = [{ name: 'wide', partitions: commit('many', one).topics[0]?.partitions ?? [] }];
      await client.call(apis.offsetCommit, 3, { ...commit('many', [], soon), topics });
    }
    await untilGone(client, 'many');
    await bound('1048588');
  }),
};
