import { apis } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { until, type Case } from './two-brokers.js';
import { awaitCoordinator, plain } from './group-cases.js';

/* Looking for a coordinator while there is no topic for the offsets: what is answered until there is one. */

const offsetsTopic = '__consumer_offsets';
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
const [available, notAvailable] = [0, 15];

async function isThere(client: WireClient): Promise<boolean> {
  const answer = await client.call(apis.metadata, 9, {
    topics: [{ name: offsetsTopic }],
    allowAutoTopicCreation: false,
  });
  return answer.topics[0]?.errorCode === 0;
}

/** From version 4 on several at once. */
function look(version: number, keyType: number) {
  return version < 4
    ? { key: 'g', keyType, coordinatorKeys: [] }
    : { key: '', keyType, coordinatorKeys: ['g', '', 'h'] };
}

/** The answers to one request until it finds a coordinator, each once. */
async function search(client: WireClient, version: number): Promise<unknown[]> {
  const body = look(version, 0);
  const answers: string[] = [];
  await until('a coordinator', async () => {
    const answer = await client.call(apis.findCoordinator, version, body);
    const text = JSON.stringify(plain(answer));
    if (!answers.includes(text)) answers.push(text);
    const codes = version < 4 ? [answer.errorCode] : answer.coordinators.map(({ errorCode }) => errorCode);
    if (codes.some((code) => code !== available && code !== notAvailable)) throw new Error(text);
    return codes.every((code) => code === available);
  });
  return answers;
}

const versions = Array.from({ length: 7 }, (_, version) => version);

export const coordinatorCases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    versions.map((version): [string, Case] => [
      `version ${version}, without the topic`,
      async (_side, client) => {
        const topics = [{ name: offsetsTopic, topicId: zeroId }];
        await client.call(apis.deleteTopics, 6, { topics, timeoutMs: 10_000 });
        await until('the topic gone', async () => !(await isThere(client)));
        const answers = await search(client, version);
        await awaitCoordinator(client);
        return answers;
      },
    ]),
  ),

  // The texts differ: ours says what it does not serve.
  'no such type of coordinator': (_side, client) => codesOf(client, 9),
  'share groups, before they had coordinators and by a name that is none': (_side, client) =>
    codesOf(client, 2),
};

async function codesOf(client: WireClient, keyType: number): Promise<unknown> {
  const codes = [];
  for (const version of [1, 3, 4, 5, 6]) {
    const answer = await client.call(apis.findCoordinator, version, look(version, keyType));
    codes.push([
      answer.errorCode,
      plain(answer.coordinators.map(({ key, errorCode }) => ({ key, errorCode }))),
    ]);
  }
  return codes;
}
