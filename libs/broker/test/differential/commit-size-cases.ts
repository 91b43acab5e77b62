import { apis } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { asking, commit } from './group-cases.js';
import { gather, withMembers } from './group-member.js';
import { until, type Case } from './two-brokers.js';

/* What one batch of __consumer_offsets cannot hold: which commit is the first that is too large, and what that is to a group. */

const boundBytes = 1_000;
const offsetsTopic = '__consumer_offsets';

async function bound(client: WireClient, value: string): Promise<void> {
  const configs = [{ name: 'max.message.bytes', configOperation: 0, value }];
  const resources = [{ resourceType: 2, resourceName: offsetsTopic, configs }];
  await client.call(apis.incrementalAlterConfigs, 1, { validateOnly: false, resources });
}

/** The error of a commit of so many partitions, of which the last has so much metadata. */
async function commitOf(client: WireClient, partitions: number, length: number): Promise<number | undefined> {
  const offsets = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    committedMetadata: 'x'.repeat(partitionIndex === partitions - 1 ? length : 5),
  }));
  const answer = await client.call(apis.offsetCommit, 8, commit('sized', offsets));
  const codes = new Set(answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)));
  if (codes.size !== 1) throw new Error(`a commit was stored in part: ${[...codes].join(', ')}`);
  return [...codes][0];
}

/** The longest metadata that is stored. */
async function longest(client: WireClient, partitions: number): Promise<number> {
  let [fits, tooLong] = [0, boundBytes];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if ((await commitOf(client, partitions, middle)) === 0) fits = middle;
    else tooLong = middle;
  }
  return fits;
}

export const commitSizeCases: Readonly<Record<string, Case>> = {
  'a bound for the batches of the committed offsets': async (_side, client) => {
    await bound(client, String(boundBytes));
    // Kafka hears of it a moment after it answered.
    await until('the bound', async () => (await commitOf(client, 1, 2 * boundBytes)) !== 0);
    const [one, two] = [await longest(client, 1), await longest(client, 2)];
    return { one, two, tooLong: [await commitOf(client, 1, one + 1), await commitOf(client, 2, two + 1)] };
  },

  'what was too large was not stored': asking(async (asked) => {
    const topics = [{ name: 'grouped', partitionIndexes: [0, 1] }];
    await asked.ask(apis.offsetFetch, 7, { groupId: 'sized', topics, groups: [], requireStable: true });
  }),

  'an assignment that cannot be stored': withMembers('heavy', async (member) => {
    const [a, b] = [await member('a'), await member('b')];
    await gather(a, b);
    const assignment = Buffer.alloc(2 * boundBytes);
    const heavy = await a.client.call(apis.syncGroup, 3, {
      groupId: a.groupId,
      memberId: a.memberId,
      generationId: a.generationId,
      groupInstanceId: null,
      assignments: [{ memberId: a.memberId, assignment }],
    });
    a.seen.push(heavy.errorCode);
    await a.heartbeat();
    await b.heartbeat();
    await a.describe();
    await Promise.all([b.join(), a.join()]);
    await Promise.all([b.sync(), a.sync([a, b])]);
    await a.describe();
  }),

  'the bound taken back': async (_side, client) => {
    await bound(client, '1048588');
    await until('the bound gone', async () => (await commitOf(client, 1, 2 * boundBytes)) === 0);
    return null;
  },
};
