import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apis } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { KafkaNode, kafkaLibs } from '../support/live-kafka.js';
import type { WireClient } from '../support/wire-client.js';
import { batchOf } from './batches.js';
import { fetchFrom } from './fetch-cases.js';
import { answerOf, compare, Side, type Case } from './two-brokers.js';

/*
 * A single node of Kafka that is started again leads its partitions two epochs later, whether it was stopped or killed: once it loses
 * them, once it is made their leader. What clients hear of that, and what stands in logs and epoch files, is the same here.
 */

const topics = ['led', 'idle'] as const;
const settings = { 'auto.create.topics.enable': 'false' };

async function append(client: WireClient, name: string): Promise<void> {
  const records = batchOf(2);
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const answer = await client.call(apis.produce, 8, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topicData,
  });
  assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, 0);
}

const ends: Case = async (_side, client) => {
  const answers = [];
  for (let leaderEpoch = -1; leaderEpoch < 8; leaderEpoch++) {
    for (const currentLeaderEpoch of [-1, leaderEpoch]) {
      const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }];
      for (const topic of topics) {
        const body = { replicaId: -1, topics: [{ topic, partitions }] };
        answers.push(await answerOf(client, apis.offsetForLeaderEpoch, 4, body));
      }
    }
  }
  return answers;
};

const offsets: Case = async (_side, client) => {
  const answers = [];
  for (const name of topics) {
    for (const timestamp of [-1n, -2n, -3n, -4n, 0n]) {
      for (const currentLeaderEpoch of [-1, 0, 2, 4, 6]) {
        const partitions = [{ partitionIndex: 0, currentLeaderEpoch, timestamp }];
        const body = { replicaId: -1, isolationLevel: 0, topics: [{ name, partitions }], timeoutMs: 1_000 };
        answers.push(await answerOf(client, apis.listOffsets, 10, body));
      }
    }
  }
  return answers;
};

const metadata: Case = async (_side, client) => {
  const asked = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false };
  const answer = await client.call(apis.metadata, 12, { ...asked, includeTopicAuthorizedOperations: false });
  const described = await client.call(apis.describeTopicPartitions, 0, {
    topics: topics.map((name) => ({ name })),
    responsePartitionLimit: 10,
    cursor: null,
  });
  const epochs = [...answer.topics, ...described.topics].map(({ name, partitions }) => [
    name,
    partitions.map(({ leaderEpoch }) => leaderEpoch),
  ]);
  return epochs.sort();
};

/** Fetches that name an epoch as the one in force, or as that of the last record they have. */
const fetches =
  (version: number): Case =>
  async (side, client) => {
    const answers = [];
    for (const topic of topics) {
      for (const epoch of [-1, 0, 2, 4, 6]) {
        answers.push((await fetchFrom(side, client, [{ topic, epoch }], { version })).said);
        for (const offset of [0n, 1n, 2n, 4n, 5n]) {
          answers.push(
            (await fetchFrom(side, client, [{ topic, offset, lastEpoch: epoch }], { version })).said,
          );
        }
      }
    }
    return answers;
  };

/** Whether a client that is fenced hears who leads now, and where: the ports differ. */
const leaders: Case = async (side, client) => {
  const heard = [];
  for (const topic of topics) {
    for (const currentLeaderEpoch of [0, 99]) {
      const place = { fetchOffset: 0n, lastFetchedEpoch: -1, partitionMaxBytes: 100 };
      const partitions = [{ partition: 0, currentLeaderEpoch, ...place }];
      const answer = await client.call(apis.fetch, 18, {
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1_000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        forgottenTopicsData: [],
        rackId: '',
        topics: [{ topicId: side.topicId(topic), partitions }],
      });
      heard.push({
        told: answer.responses[0]?.partitions[0]?.currentLeader,
        where: answer.nodeEndpoints.map(({ nodeId, rack }) => [nodeId, rack]),
      });
    }
  }
  return heard;
};

const cases = { metadata, ends, offsets, 'fetch 12': fetches(12), 'fetch 18': fetches(18), leaders };

test('epochs over restarts are those of Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const fixture = await BrokerFixture.start(t, settings);
  const node = await KafkaNode.start(t, settings);
  const sides = [new Side('ours', fixture.port), new Side('kafka', node.port)] as const;
  for (const side of sides) await side.createTopics({ led: {}, idle: {} });
  for (const signal of ['SIGTERM', 'SIGKILL', null] as const) {
    for (const side of sides) {
      const client = await side.connect();
      await append(client, 'led');
      client.end();
    }
    await t.test(`before ${signal}`, (part) => compare(part, sides, cases));
    if (signal === null) continue;
    await Promise.all([fixture.restart(), node.restart(signal)]);
    for (const side of sides) await side.untilLed({ led: {}, idle: {} });
    await t.test(`after ${signal}`, (part) => compare(part, sides, cases));
  }
  await fixture.stop();
  const [ours, theirs] = [join(fixture.dataDir, 'led-0'), node.logDirectory('led-0')].map((directory) =>
    readFileSync(join(directory, 'leader-epoch-checkpoint'), 'utf8'),
  );
  assert.equal(ours, theirs);
});
