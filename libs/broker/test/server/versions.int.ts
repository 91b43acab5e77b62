import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, type AnyApi, type Api, type Fields } from '@oubliette/protocol';
import { handlers } from '../../src/handlers/handlers.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

/** Requests that touch the state prepared below, one for each API; fields a version lacks are dropped before sending. */
const topicPartitions = [{ name: 'here', partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] }];
const bodies: Readonly<Record<string, Record<string, unknown>>> = {
  Produce: {
    acks: -1,
    timeoutMs: 100,
    topicData: [
      {
        name: 'here',
        partitionData: [
          { index: 0, records: null },
          { index: 9, records: null },
        ],
      },
    ],
  },
  Fetch: {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    topics: [
      {
        topic: 'here',
        partitions: [0, 9].map((partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 1000 })),
      },
    ],
  },
  ListOffsets: {
    replicaId: -1,
    topics: [
      {
        name: 'here',
        partitions: [-1n, -2n, 0n, -77n].map((timestamp) => ({ partitionIndex: 0, timestamp })),
      },
    ],
  },
  Metadata: { topics: [{ name: 'here' }, { name: 'bad name' }], allowAutoTopicCreation: false },
  OffsetCommit: {
    groupId: 'g',
    memberId: '',
    generationIdOrMemberEpoch: -1,
    topics: [
      {
        name: 'here',
        partitions: [0, 9].map((partitionIndex) => ({
          partitionIndex,
          committedOffset: 1n,
          committedMetadata: '',
        })),
      },
    ],
  },
  OffsetFetch: {
    groupId: 'g',
    topics: [{ name: 'here', partitionIndexes: [0, 9] }],
    groups: [{ groupId: 'g', topics: null }],
  },
  FindCoordinator: { key: 'g', coordinatorKeys: ['g'] },
  JoinGroup: {
    groupId: 'unjoined',
    sessionTimeoutMs: 1,
    rebalanceTimeoutMs: 1,
    memberId: '',
    protocolType: 'consumer',
    protocols: [],
  },
  Heartbeat: { groupId: 'g', generationId: 1, memberId: 'm' },
  LeaveGroup: { groupId: 'g', memberId: 'm', members: [{ memberId: 'm' }] },
  SyncGroup: { groupId: 'g', generationId: 1, memberId: 'm', assignments: [] },
  DescribeGroups: { groups: ['g', 'unheard'], includeAuthorizedOperations: true },
  ListGroups: {},
  AlterReplicaLogDirs: { dirs: [{ path: '/nowhere', topics: [{ name: 'here', partitions: [0, 9] }] }] },
  ListConfigResources: { resourceTypes: [] },
  DescribeTopicPartitions: {
    topics: [{ name: 'here' }, { name: 'bad name' }],
    responsePartitionLimit: 1,
    cursor: null,
  },
  OffsetForLeaderEpoch: {
    replicaId: -1,
    topics: [
      {
        topic: 'here',
        partitions: [0, 9].map((partition) => ({ partition, currentLeaderEpoch: -1, leaderEpoch: 0 })),
      },
    ],
  },
  DescribeProducers: { topics: [{ name: 'here', partitionIndexes: [0, 9] }] },
  ApiVersions: { clientSoftwareName: 'test', clientSoftwareVersion: '1' },
  CreateTopics: {
    topics: ['here', 'fresh'].map((name) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [{ name: 'segment.ms', value: '1000' }],
    })),
    validateOnly: true,
  },
  DeleteTopics: {
    topicNames: ['nowhere'],
    topics: [{ name: 'nowhere', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    timeoutMs: 1,
  },
  DeleteRecords: {
    topics: [{ name: 'here', partitions: [{ partitionIndex: 0, offset: 0n }] }],
    timeoutMs: 1,
  },
  InitProducerId: { transactionalId: null, transactionTimeoutMs: 1 },
  SaslHandshake: { mechanism: 'PLAIN' },
  SaslAuthenticate: { authBytes: new Uint8Array(1) },
  DescribeAcls: {
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    principalFilter: null,
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  },
  CreateAcls: {
    creations: [
      { resourceType: 2, resourceName: 'a', principal: 'User:a', host: '*', operation: 3, permissionType: 3 },
    ],
  },
  DeleteAcls: {
    filters: [
      {
        resourceTypeFilter: 1,
        resourceNameFilter: null,
        principalFilter: null,
        hostFilter: null,
        operation: 1,
        permissionType: 1,
      },
    ],
  },
  DescribeConfigs: {
    resources: [
      { resourceType: 2, resourceName: 'here', configurationKeys: null },
      { resourceType: 4, resourceName: '1', configurationKeys: null },
    ],
    includeSynonyms: true,
  },
  AlterConfigs: {
    resources: [{ resourceType: 2, resourceName: 'here', configs: [{ name: 'segment.ms', value: '1000' }] }],
    validateOnly: true,
  },
  DescribeLogDirs: { topics: null },
  CreatePartitions: {
    topics: [{ name: 'here', count: 2, assignments: null }],
    timeoutMs: 1,
    validateOnly: true,
  },
  DeleteGroups: { groupsNames: ['unheard'] },
  ElectLeaders: { topicPartitions: [{ topic: 'here', partitions: [0, 9] }] },
  IncrementalAlterConfigs: {
    resources: [
      {
        resourceType: 2,
        resourceName: 'here',
        configs: [{ name: 'segment.ms', configOperation: 0, value: '1000' }],
      },
    ],
    validateOnly: true,
  },
  AlterPartitionReassignments: {
    topics: [{ name: 'here', partitions: [{ partitionIndex: 0, replicas: [1] }] }],
  },
  ListPartitionReassignments: { topics: null },
  OffsetDelete: { groupId: 'g', topics: topicPartitions },
  DescribeCluster: { includeClusterAuthorizedOperations: true },
};

/** The body as far as the API's version has it. */
function fitting(api: AnyApi, version: number): Record<string, unknown> {
  const body = bodies[api.name] ?? {};
  const fields: Fields = api.request.fields;
  const has = (name: string): boolean => {
    const range = fields[name]?.options.versions;
    if (range === undefined) return true;
    const [low, high] = range.endsWith('+') ? [range.slice(0, -1), '99'] : range.split('-');
    return version >= Number(low) && version <= Number(high ?? low);
  };
  return Object.fromEntries(Object.entries(body).filter(([name]) => has(name)));
}

test('every API answers in every version that it advertises, and every version Kafka 4.1.1 serves is among them', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  await client.call(apis.metadata, 4, { topics: [{ name: 'here' }] });
  const { apiKeys } = await client.call(apis.apiVersions, 4, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });
  const byKey = new Map<number, AnyApi>(Object.values(apis).map((api) => [api.key, api]));
  assert.equal(apiKeys.length, handlers.length);
  for (const { apiKey, minVersion, maxVersion } of apiKeys) {
    const api = byKey.get(apiKey);
    assert.ok(api !== undefined, `API ${apiKey}`);
    assert.ok(bodies[api.name] !== undefined, `no request to try ${api.name} with`);
    // Produce shows 0 for librdkafka's sake, as Kafka 4 does, and serves from 3.
    assert.equal(minVersion, api.name === 'Produce' ? 0 : api.request.minVersion, api.name);
    assert.equal(maxVersion, api.request.maxVersion, api.name);
    for (let version = api.request.minVersion; version <= maxVersion; version++) {
      const untyped = api as unknown as Api<Fields, Fields>;
      const answer = await client.call(untyped, version, fitting(api, version)).catch((error: unknown) => {
        const said = fixture.logger.lines.at(-1);
        throw new Error(`${api.name} ${version}: ${String(error)} ${JSON.stringify(said)}`);
      });
      assert.ok(Object.keys(answer).length > 0);
    }
  }
  assert.deepEqual(fixture.logger.of('error'), []);
});
