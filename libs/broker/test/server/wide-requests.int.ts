import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { apis } from '@oubliette/protocol';
import { SystemClock } from '@oubliette/runtime';
import { startBroker, type RunningBroker } from '../../src/index.js';
import { WireClient } from '../support/wire-client.js';

/** Fewer than a request is read and answered at once with: what is counted is the handler's work. */
const wide = 2_000;

/** Each look at the monotonic time is a place where long work may rest. */
class CountingClock extends SystemClock {
  looks = 0;

  override monotonic(): number {
    this.looks += 1;
    return super.monotonic();
  }
}

const clock = new CountingClock();
const dataDir = mkdtempSync(join(tmpdir(), 'oubliette-wide-'));
let broker: RunningBroker;
let client: WireClient;

before(async () => {
  broker = await startBroker({ dataDir, port: 0, clock });
  client = await WireClient.connect(Number(broker.bootstrap.split(':')[1]));
  const topic = { name: 'events', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(apis.createTopics, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  const find = () => client.call(apis.findCoordinator, 4, { keyType: 0, coordinatorKeys: ['group'] });
  while ((await find()).coordinators[0]?.errorCode !== 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const committed = {
    partitionIndex: 0,
    committedOffset: 0n,
    committedLeaderEpoch: -1,
    committedMetadata: '',
  };
  await client.call(apis.offsetCommit, 8, {
    groupId: 'group',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    topics: [{ name: 'events', partitions: [committed] }],
  });
});

after(async () => {
  client.end();
  await broker.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const numbers = Array.from({ length: wide }, (_, index) => index);
const names = numbers.map((index) => `n${index}`);
const unknownId = 'AAAAAAAAAAAAAAAAAAAAAQ';

const requests: Readonly<Record<string, () => Promise<unknown>>> = {
  createTopics: () =>
    client.call(apis.createTopics, 7, {
      topics: names.map((name) => ({
        name: `${name}/`,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
      timeoutMs: 10_000,
      validateOnly: true,
    }),
  metadata: () =>
    client.call(apis.metadata, 12, {
      topics: names.map((name) => ({ topicId: unknownId, name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    }),
  listOffsets: () =>
    client.call(apis.listOffsets, 7, {
      replicaId: -1,
      isolationLevel: 0,
      topics: names.map((name) => ({
        name,
        partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }],
      })),
    }),
  offsetForLeaderEpoch: () =>
    client.call(apis.offsetForLeaderEpoch, 4, {
      replicaId: -1,
      topics: names.map((topic) => ({
        topic,
        partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }],
      })),
    }),
  offsetFetch: () =>
    client.call(apis.offsetFetch, 7, {
      groupId: 'group',
      topics: names.map((name) => ({ name, partitionIndexes: [0] })),
      requireStable: false,
    }),
  offsetDelete: () =>
    client.call(apis.offsetDelete, 0, {
      groupId: 'group',
      topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] })),
    }),
  describeGroups: () =>
    client.call(apis.describeGroups, 5, { groups: names, includeAuthorizedOperations: false }),
  describeConfigs: () =>
    client.call(apis.describeConfigs, 4, {
      resources: names.map((resourceName) => ({ resourceType: 2, resourceName, configurationKeys: null })),
      includeSynonyms: false,
      includeDocumentation: false,
    }),
  describeProducers: () =>
    client.call(apis.describeProducers, 0, { topics: [{ name: 'unknown', partitionIndexes: numbers }] }),
  describeLogDirs: () =>
    client.call(apis.describeLogDirs, 4, { topics: names.map((topic) => ({ topic, partitions: [0] })) }),
  findCoordinator: () => client.call(apis.findCoordinator, 4, { keyType: 0, coordinatorKeys: names }),
};

for (const [name, request] of Object.entries(requests)) {
  test(`${name}: a request of very many elements rests between them`, async () => {
    clock.looks = 0;
    await request();
    assert.ok(clock.looks >= wide, `looked at the time ${clock.looks} times for ${wide} elements`);
  });
}

/** They are begun in groups, to be stored together. */
const groups: Readonly<Record<string, () => Promise<unknown>>> = {
  deleteTopics: () =>
    client.call(apis.deleteTopics, 6, {
      topics: names.map((name) => ({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' })),
      timeoutMs: 10_000,
    }),
  createPartitions: () =>
    client.call(apis.createPartitions, 3, {
      topics: names.map((name) => ({ name, count: 2, assignments: null })),
      timeoutMs: 10_000,
      validateOnly: false,
    }),
  deleteGroups: () => client.call(apis.deleteGroups, 2, { groupsNames: names }),
  incrementalAlterConfigs: () =>
    client.call(apis.incrementalAlterConfigs, 1, {
      resources: names.map((resourceName) => ({ resourceType: 2, resourceName, configs: [] })),
      validateOnly: false,
    }),
  alterConfigs: () =>
    client.call(apis.alterConfigs, 2, {
      resources: names.map((resourceName) => ({ resourceType: 2, resourceName, configs: [] })),
      validateOnly: false,
    }),
};

for (const [name, request] of Object.entries(groups)) {
  test(`${name}: a request of very many elements rests between groups of them`, async () => {
    let turns = 0;
    let isDone = false;
    const answered = request().finally(() => (isDone = true));
    clock.looks = 0;
    while (!isDone) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await answered;
    assert.ok(clock.looks >= wide / 200, `looked at the time ${clock.looks} times in ${turns} turns`);
  });
}
