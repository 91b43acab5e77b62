import { apis } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { batchOf } from './batches.js';
import { asking, awaitCoordinator, commit, join, type Asking } from './group-cases.js';
import { until, type Case } from './two-brokers.js';

/* What an administrator may do to the topic of the committed offsets, and what groups learn of it. */

const offsetsTopic = '__consumer_offsets';
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
const notCoordinator = 16;

/** Kafka's coordinator hears of a deletion a moment after the administrator. */
async function awaitLoss(client: WireClient): Promise<void> {
  const member = { groupId: 'warm', memberId: '', generationId: -1, groupInstanceId: null };
  await until('the loss of the coordinator', async () => {
    const { errorCode } = await client.call(apis.heartbeat, 3, member);
    return errorCode === notCoordinator;
  });
}

export async function askGroups(asked: Asking): Promise<void> {
  const me = { groupId: 'lost', memberId: 'm', generationId: 1, groupInstanceId: null };
  const topics = [{ name: 'grouped', partitionIndexes: [0] }];
  const group = { groupId: 'lost', memberId: null, memberEpoch: -1, topics };
  await asked.ask(apis.offsetFetch, 7, { groupId: 'lost', topics, groups: [], requireStable: true });
  await asked.ask(apis.offsetFetch, 9, { groupId: '', topics: [], groups: [group], requireStable: true });
  await asked.ask(apis.offsetCommit, 8, commit('lost', [{}]));
  for (const version of [5, 6]) {
    await asked.ask(apis.describeGroups, version, { groups: ['lost'], includeAuthorizedOperations: true });
  }
  await asked.ask(apis.heartbeat, 4, me);
  await asked.ask(apis.joinGroup, 5, join('lost'));
  await asked.ask(apis.joinGroup, 5, join('lost', { memberId: 'm' }));
  await asked.ask(apis.syncGroup, 5, { ...me, protocolType: 'a', protocolName: 'b', assignments: [] });
  const members = [{ memberId: 'm', groupInstanceId: null, reason: null }];
  await asked.ask(apis.leaveGroup, 1, { groupId: 'lost', memberId: 'm', members: [] });
  await asked.ask(apis.leaveGroup, 4, { groupId: 'lost', memberId: '', members });
  await asked.ask(apis.deleteGroups, 2, { groupsNames: ['lost'] });
  const partitions = [{ partitionIndex: 0 }];
  await asked.ask(apis.offsetDelete, 0, { groupId: 'lost', topics: [{ name: 'grouped', partitions }] });
  await asked.ask(apis.listGroups, 5, { statesFilter: [], typesFilter: [] });
}

export const offsetsTopicCases: Readonly<Record<string, Case>> = {
  'what a client may not do to it': asking(async (asked) => {
    const partitionData = [{ index: 0, records: batchOf(1) }];
    const topicData = [{ name: offsetsTopic, partitionData }];
    await asked.ask(apis.produce, 9, { transactionalId: null, acks: 1, timeoutMs: 5000, topicData });
    const partitions = [{ partitionIndex: 0, offset: 0n }];
    await asked.ask(apis.deleteRecords, 2, { topics: [{ name: offsetsTopic, partitions }], timeoutMs: 5000 });
  }),

  'settings, and more partitions': asking(async (asked) => {
    for (const value of ['delete', 'compact,delete', 'compact']) {
      const configs = [{ name: 'cleanup.policy', configOperation: 0, value }];
      const resources = [{ resourceType: 2, resourceName: offsetsTopic, configs }];
      await asked.ask(apis.incrementalAlterConfigs, 1, { validateOnly: false, resources });
    }
    await asked.ask(apis.offsetCommit, 8, commit('lost', [{}]));
    for (const count of [1, 2]) {
      const topics = [{ name: offsetsTopic, count, assignments: null }];
      await asked.ask(apis.createPartitions, 3, { topics, timeoutMs: 10_000, validateOnly: false });
    }
    await asked.ask(apis.offsetCommit, 8, commit('lost', [{ committedOffset: 8n }]));
    const topics = [{ name: 'grouped', partitionIndexes: [0] }];
    await asked.ask(apis.offsetFetch, 7, { groupId: 'lost', topics, groups: [], requireStable: true });
  }),

  'deleted, and made again by who looks for a coordinator': asking(async (asked) => {
    const topics = [{ name: offsetsTopic, topicId: zeroId }];
    const answer = await asked.client.call(apis.deleteTopics, 6, { topics, timeoutMs: 10_000 });
    asked.seen.push(answer.responses.map(({ name, errorCode }) => [name, errorCode]));
    await awaitLoss(asked.client);
    await askGroups(asked);
    await awaitCoordinator(asked.client);
    const again = [{ name: 'grouped', partitionIndexes: [0] }];
    const fetch = { groupId: 'lost', topics: again, groups: [], requireStable: true };
    await asked.ask(apis.offsetFetch, 7, fetch);
    await asked.ask(apis.offsetCommit, 8, commit('lost', [{ committedOffset: 9n }]));
    await asked.ask(apis.offsetFetch, 7, fetch);
    await asked.ask(apis.listGroups, 5, { statesFilter: [], typesFilter: [] });
  }),
};
