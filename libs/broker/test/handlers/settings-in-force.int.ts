import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { apis, Compression, encodeBatch, ErrorCode, iterateBatches } from '@oubliette/protocol';
import { parseProperties } from '../../src/index.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

// Settings of the broker that are given at its start, or changed while it runs, and what clients meet of each.

async function start(
  t: TestContext,
  config: Readonly<Record<string, string>>,
): Promise<readonly [BrokerFixture, WireClient]> {
  const fixture = await BrokerFixture.start(t, config);
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  return [fixture, client];
}

async function create(client: WireClient, name: string, partitions = 1, replicationFactor = 1) {
  const one = { name, numPartitions: partitions, replicationFactor, assignments: [], configs: [] };
  const answer = await client.call(apis.createTopics, 7, {
    topics: [one],
    timeoutMs: 1000,
    validateOnly: false,
  });
  return answer.topics[0]?.errorCode;
}

test('who and where the broker is: broker.rack, broker.id, advertised.listeners', async (t) => {
  const [fixture, client] = await start(t, {
    'broker.id': '5',
    'broker.rack': 'attic',
    'advertised.listeners': 'PLAINTEXT://somewhere.example:0',
  });
  const metadata = await client.call(apis.metadata, 9, { topics: [], allowAutoTopicCreation: false });
  const cluster = await client.call(apis.describeCluster, 2, { includeClusterAuthorizedOperations: false });
  assert.deepEqual(
    metadata.brokers.map(({ nodeId, host, port, rack }) => [nodeId, host, port, rack]),
    [[5, 'somewhere.example', fixture.port, 'attic']],
  );
  assert.deepEqual(
    cluster.brokers.map(({ brokerId, rack }) => [brokerId, rack]),
    [[5, 'attic']],
  );
});

test('topics: delete.topic.enable, default.replication.factor, max.request.partition.size.limit', async (t) => {
  const [, client] = await start(t, {
    'delete.topic.enable': 'false',
    'default.replication.factor': '2',
    'max.request.partition.size.limit': '2',
  });
  assert.equal(await create(client, 'open', 1, -1), ErrorCode.INVALID_REPLICATION_FACTOR);
  assert.equal(await create(client, 'wide', 3), ErrorCode.NONE);
  const wide = { topics: [{ name: 'wide' }], responsePartitionLimit: 100, cursor: null };
  const described = await client.call(apis.describeTopicPartitions, 0, wide);
  assert.deepEqual([described.topics[0]?.partitions.length, described.nextCursor?.partitionIndex], [2, 2]);
  const topics = [{ name: 'wide', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
  const deleted = await client.call(apis.deleteTopics, 6, { topics, timeoutMs: 1000 });
  assert.equal(deleted.responses[0]?.errorCode, ErrorCode.TOPIC_DELETION_DISABLED);
});

test('fetches: fetch.max.bytes, max.incremental.fetch.session.cache.slots', async (t) => {
  const [, client] = await start(t, {
    'fetch.max.bytes': '1024',
    'max.incremental.fetch.session.cache.slots': '0',
  });
  await create(client, 'here');
  for (let index = 0; index < 5; index++) {
    const records = encodeBatch({ records: [{ timestamp: 1n, key: null, value: Buffer.alloc(600) }] });
    const topicData = [{ name: 'here', partitionData: [{ index: 0, records }] }];
    await client.call(apis.produce, 9, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
  }
  const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 };
  const { responses, sessionId } = await client.call(apis.fetch, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    sessionId: 0,
    sessionEpoch: 0,
    topics: [{ topic: 'here', partitions: [partition] }],
  });
  assert.equal(responses[0]?.partitions[0]?.records?.length, 1024);
  assert.equal(sessionId, 0, 'there is no room for a session');
});

test('groups: offset.metadata.max.bytes, offsets.topic.*, and the settings that its topic is made with', async (t) => {
  const [, client] = await start(t, {
    'offset.metadata.max.bytes': '3',
    'offsets.topic.num.partitions': '2',
    'offsets.topic.segment.bytes': '1048577',
    'compression.type': 'gzip',
  });
  await create(client, 'here');
  let errorCode: number;
  do ({ errorCode } = await client.call(apis.findCoordinator, 3, { key: 'g', keyType: 0 }));
  while (errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE);
  const commit = async (committedMetadata: string): Promise<number | undefined> => {
    const partitions = [{ partitionIndex: 0, committedOffset: 1n, committedMetadata }];
    const body = { groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '' };
    const answer = await client.call(apis.offsetCommit, 8, {
      ...body,
      topics: [{ name: 'here', partitions }],
    });
    return answer.topics[0]?.partitions[0]?.errorCode;
  };
  assert.deepEqual(
    [await commit('abc'), await commit('abcd')],
    [ErrorCode.NONE, ErrorCode.OFFSET_METADATA_TOO_LARGE],
  );
  const { results } = await client.call(apis.describeConfigs, 4, {
    resources: [{ resourceType: 2, resourceName: '__consumer_offsets', configurationKeys: null }],
    includeSynonyms: false,
  });
  const own = results[0]?.configs.filter(({ configSource }) => configSource === 1);
  assert.deepEqual(
    own?.map(({ name, value }) => `${name}=${value}`),
    ['cleanup.policy=compact', 'compression.type=producer', 'segment.bytes=1048577'],
  );
});

test('groups: more replicas of their offsets than brokers leave all of them without a coordinator, told once', async (t) => {
  const [fixture, client] = await start(t, { 'offsets.topic.replication.factor': '3' });
  const codes = new Set<number>();
  for (let tries = 0; tries < 5; tries++) {
    codes.add((await client.call(apis.findCoordinator, 3, { key: 'g', keyType: 0 })).errorCode);
  }
  const topics = [{ name: '__consumer_offsets' }];
  const metadata = await client.call(apis.metadata, 9, { topics, allowAutoTopicCreation: true });
  assert.deepEqual([...codes], [ErrorCode.COORDINATOR_NOT_AVAILABLE]);
  assert.deepEqual(
    metadata.topics.map(({ errorCode }) => errorCode),
    [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  );
  const told = fixture.logger.lines.filter(({ level }) => level === 'error');
  assert.equal(told.length, 1);
  assert.match(
    String(told[0]?.fields['reason']),
    /offsets\.topic\.replication\.factor is 3 .* until it is started with 1$/,
  );
});

test('groups: offsets.topic.compression.codec is that of their batches, read again at the next start', async (t) => {
  const [fixture, first] = await start(t, { 'offsets.topic.compression.codec': '1' });
  const wanted = { groupId: 'g', topics: [{ name: 'here', partitionIndexes: [0] }], requireStable: true };
  const committed = async (client: WireClient): Promise<bigint | undefined> => {
    const answer = await client.call(apis.offsetFetch, 7, wanted);
    return answer.topics[0]?.partitions[0]?.committedOffset;
  };
  await create(first, 'here');
  while ((await first.call(apis.findCoordinator, 3, { key: 'g', keyType: 0 })).errorCode !== ErrorCode.NONE);
  const partitions = [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: null }];
  await first.call(apis.offsetCommit, 8, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 'here', partitions }],
  });
  assert.equal(await committed(first), 7n);
  await fixture.restart();
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  assert.equal(await committed(client), 7n);
  const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 };
  const { responses } = await client.call(apis.fetch, 12, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic: '__consumer_offsets', partitions: [partition] }],
  });
  const batches = [...iterateBatches(responses[0]?.partitions[0]?.records ?? new Uint8Array(0))];
  assert.deepEqual(
    batches.map(({ compression }) => compression),
    [Compression.gzip],
  );
});

test('connections: connections.max.idle.ms', async (t) => {
  const [, client] = await start(t, { 'connections.max.idle.ms': '400' });
  await client.call(apis.apiVersions, 0, {});
  await client.closed();
});

test('connections: their limits also when they are changed', async (t) => {
  const [fixture, client] = await start(t, {});
  const change = async (...configs: readonly (readonly [string, string])[]): Promise<void> => {
    const settings = configs.map(([name, value]) => ({ name, configOperation: 0, value }));
    const resources = [{ resourceType: 4, resourceName: '', configs: settings }];
    const answer = await client.call(apis.incrementalAlterConfigs, 1, { resources, validateOnly: false });
    assert.equal(answer.responses[0]?.errorCode, ErrorCode.NONE);
  };
  const isTaken = async (): Promise<boolean> => {
    const other = await WireClient.connect(fixture.port);
    const taken = await other.call(apis.apiVersions, 0, {}).then(
      () => true,
      () => false,
    );
    other.end();
    await other.closed();
    // The broker has seen the end once it answers another.
    await client.call(apis.apiVersions, 0, {});
    return taken;
  };
  assert.equal(await isTaken(), true);
  await change(['max.connections.per.ip', '1']);
  assert.equal(await isTaken(), false);
  await change(['max.connections.per.ip', '1'], ['max.connections.per.ip.overrides', '127.0.0.1:2']);
  assert.equal(await isTaken(), true, 'an override');
  for (const name of ['max.connections', 'listener.name.plaintext.max.connections']) {
    await change([name, '1']);
    const waiting = await WireClient.connect(fixture.port);
    const answer = waiting.call(apis.apiVersions, 0, {});
    await client.call(apis.apiVersions, 0, {});
    assert.equal(waiting.arrived, 0, name);
    await change([name, '100']);
    assert.equal((await answer).errorCode, ErrorCode.NONE, name);
    waiting.end();
    await waiting.closed();
  }
});

test('connections: a lowered max.connections closes the least recently used', async (t) => {
  const [fixture, client] = await start(t, { 'max.connections': '3' });
  const others = [await WireClient.connect(fixture.port), await WireClient.connect(fixture.port)];
  for (const other of others) await other.call(apis.apiVersions, 0, {});
  const settings = [{ name: 'max.connections', configOperation: 0, value: '1' }];
  const resources = [{ resourceType: 4, resourceName: '', configs: settings }];
  await client.call(apis.incrementalAlterConfigs, 1, { resources, validateOnly: false });
  for (const other of others) await other.closed();
  assert.equal((await client.call(apis.apiVersions, 0, {})).errorCode, ErrorCode.NONE);
});

test('the cleaner: a changed log.cleaner.backoff.ms ends the sleep under way, as in Kafka', async (t) => {
  const [, client] = await start(t, { 'log.cleaner.backoff.ms': '3600000', 'log.roll.ms': '1' });
  const configs = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'min.cleanable.dirty.ratio', value: '0' },
  ];
  const topics = [{ name: 'keyed', numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
  await client.call(apis.createTopics, 7, { topics, timeoutMs: 1000, validateOnly: false });
  for (const timestamp of [1n, 10n, 20n]) {
    const records = encodeBatch({ records: [{ timestamp, key: Buffer.from('k'), value: Buffer.alloc(9) }] });
    const topicData = [{ name: 'keyed', partitionData: [{ index: 0, records }] }];
    await client.call(apis.produce, 9, { transactionalId: null, acks: 1, timeoutMs: 1000, topicData });
  }
  const firstOffset = async (): Promise<bigint | undefined> => {
    const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000 };
    const asked = { maxWaitMs: 0, minBytes: 0, topics: [{ topic: 'keyed', partitions: [partition] }] };
    const { responses } = await client.call(apis.fetch, 11, asked);
    return Buffer.from(responses[0]?.partitions[0]?.records ?? Buffer.alloc(8)).readBigInt64BE();
  };
  assert.equal(await firstOffset(), 0n);
  const change = [{ name: 'log.cleaner.backoff.ms', configOperation: 0, value: '3500000' }];
  const resources = [{ resourceType: 4, resourceName: '1', configs: change }];
  await client.call(apis.incrementalAlterConfigs, 1, { resources, validateOnly: false });
  const deadline = Date.now() + 10_000;
  while ((await firstOffset()) === 0n)
    assert.ok(Date.now() < deadline, 'not cleaned before its old sleep ends');
});

test("the server.properties that comes with Kafka starts this broker: the controllers' listener is none of its", async (t) => {
  const stock = parseProperties(`
    process.roles=broker,controller
    node.id=1
    controller.quorum.bootstrap.servers=localhost:9093
    listeners=EXTERNAL://127.0.0.1:9092,CONTROLLER://:9093
    inter.broker.listener.name=EXTERNAL
    advertised.listeners=EXTERNAL://localhost:9092,CONTROLLER://localhost:9093
    controller.listener.names=CONTROLLER
    listener.security.protocol.map=CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT,SSL:SSL
    num.network.threads=3
    log.dirs=/tmp/kraft-combined-logs
    num.partitions=1
    log.retention.hours=168
  `);
  const fixture = await BrokerFixture.start(t, stock);
  assert.equal(fixture.bootstrap, 'localhost:9092');
});
