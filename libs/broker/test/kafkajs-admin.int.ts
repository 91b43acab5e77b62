import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { BrokerFixture } from './support/broker-fixture.js';
import { Collector, kafkaClient } from './support/kafkajs-client.js';

const { ConfigResourceTypes, Partitioners } = kafkajs;

interface Connected {
  readonly fixture: BrokerFixture;
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** For what is refused: kafkajs repeats a request after refusals that may pass. */
  readonly impatient: Admin;
}

async function connect(t: TestContext): Promise<Connected> {
  // Who comes first need not wait for others.
  const fixture = await BrokerFixture.start(t, { 'group.initial.rebalance.delay.ms': '0' });
  const kafka = kafkaClient(fixture.bootstrap);
  const [admin, impatient] = [kafka.admin(), kafkaClient(fixture.bootstrap, 'impatient', 1).admin()];
  for (const each of [admin, impatient]) {
    fixture.beforeStop(() => each.disconnect());
    await each.connect();
  }
  return { fixture, kafka, admin, impatient };
}

async function send(
  kafka: Kafka,
  topic: string,
  values: readonly string[],
  timestamp?: string,
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const stamp = timestamp === undefined ? {} : { timestamp };
  await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0, ...stamp })) });
  await producer.disconnect();
}

test('topics: create, list, describe, add partitions, delete', async (t) => {
  const { admin, impatient } = await connect(t);
  assert.equal(await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 2 }] }), true);
  assert.equal(await admin.createTopics({ topics: [{ topic: 'made' }] }), false);
  assert.ok((await admin.listTopics()).includes('made'));
  await assert.rejects(admin.createTopics({ topics: [{ topic: 'bad name' }] }));
  await assert.rejects(admin.createTopics({ topics: [{ topic: 'wide', replicationFactor: 2 }] }));
  await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] });
  await assert.rejects(admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 3 }] }));
  const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
  assert.equal(topics[0]?.partitions.length, 5);
  await admin.deleteTopics({ topics: ['made'] });
  assert.ok(!(await admin.listTopics()).includes('made'));
  await assert.rejects(impatient.deleteTopics({ topics: ['made'] }));
});

test('the cluster describes itself', async (t) => {
  const { admin, fixture } = await connect(t);
  const cluster = await admin.describeCluster();
  assert.equal(cluster.brokers.length, 1);
  assert.equal(`${cluster.brokers[0]?.host}:${cluster.brokers[0]?.port}`, fixture.bootstrap);
  assert.equal(cluster.controller, cluster.brokers[0]?.nodeId);
  assert.equal(cluster.clusterId.length, 22);
});

test('settings: described with their source, replaced as a whole, refused when they are none', async (t) => {
  const { admin } = await connect(t);
  const configEntries = [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'segment.ms', value: '2000' },
  ];
  await admin.createTopics({ topics: [{ topic: 'set', configEntries }] });
  const resource = { type: ConfigResourceTypes.TOPIC, name: 'set' };
  const described = async () => {
    const { resources } = await admin.describeConfigs({ includeSynonyms: true, resources: [resource] });
    return new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry]));
  };
  const before = await described();
  assert.equal(before.get('cleanup.policy')?.configValue, 'compact');
  assert.equal(before.get('segment.ms')?.configValue, '2000');
  assert.equal(before.get('retention.ms')?.configValue, '604800000');
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
  });
  const after = await described();
  assert.equal(after.get('retention.ms')?.configValue, '1000');
  assert.equal(after.get('cleanup.policy')?.configValue, 'delete');
  for (const entry of [
    { name: 'retention.msec', value: '1' },
    { name: 'segment.ms', value: '0' },
    { name: 'cleanup.policy', value: 'shred' },
  ]) {
    const made = admin.createTopics({ topics: [{ topic: 'refused', configEntries: [entry] }] });
    await assert.rejects(made, (error: Error) => error.name === 'KafkaJSAggregateError');
  }
  assert.ok(!(await admin.listTopics()).includes('refused'));
});

test('offsets: earliest, latest, by time, and records deleted below one', async (t) => {
  const { admin, kafka } = await connect(t);
  const longAgo = Date.parse('2026-01-01T00:00:00Z');
  await admin.createTopics({ topics: [{ topic: 'timed' }] });
  await send(kafka, 'timed', ['a', 'b'], String(longAgo));
  await send(kafka, 'timed', ['c'], String(longAgo + 5000));
  assert.deepEqual(await admin.fetchTopicOffsets('timed'), [
    { partition: 0, offset: '3', high: '3', low: '0' },
  ]);
  const byTime = await admin.fetchTopicOffsetsByTimestamp('timed', longAgo + 1000);
  assert.deepEqual(byTime, [{ partition: 0, offset: '2' }]);
  await admin.deleteTopicRecords({ topic: 'timed', partitions: [{ partition: 0, offset: '2' }] });
  assert.equal((await admin.fetchTopicOffsets('timed'))[0]?.low, '2');
});

test('groups: list, describe, set and reset offsets, delete', async (t) => {
  const { admin, kafka, fixture, impatient } = await connect(t);
  await send(kafka, 'grouped', ['a', 'b', 'c']);
  const consumer = kafka.consumer({ groupId: 'worked', maxWaitTimeInMs: 200 });
  const collector = new Collector();
  await consumer.connect();
  await consumer.subscribe({ topic: 'grouped', fromBeginning: true });
  await collector.run(consumer);
  await collector.until(3);
  await assert.rejects(impatient.deleteGroups(['worked']));
  await consumer.disconnect();
  assert.deepEqual(await admin.listGroups(), { groups: [{ groupId: 'worked', protocolType: 'consumer' }] });
  const { groups } = await admin.describeGroups(['worked', 'unheard']);
  assert.deepEqual(
    groups.map(({ groupId, state }) => [groupId, state]),
    [
      ['worked', 'Empty'],
      ['unheard', 'Dead'],
    ],
  );
  const committed = async (): Promise<string | undefined> => {
    const [topic] = await admin.fetchOffsets({ groupId: 'worked', topics: ['grouped'] });
    return topic?.partitions[0]?.offset;
  };
  assert.equal(await committed(), '3');
  await admin.setOffsets({
    groupId: 'worked',
    topic: 'grouped',
    partitions: [{ partition: 0, offset: '1' }],
  });
  assert.equal(await committed(), '1');
  await admin.resetOffsets({ groupId: 'worked', topic: 'grouped', earliest: true });
  await fixture.restart();
  assert.equal(await committed(), '-2');
  await admin.deleteGroups(['worked']);
  assert.deepEqual((await admin.listGroups()).groups, []);
  assert.equal(await committed(), '-1');
});

test('access control is answered as by a Kafka without an authorizer; reassignments as by a single broker', async (t) => {
  const { admin } = await connect(t);
  const everything = {
    resourceType: kafkajs.AclResourceTypes.ANY,
    resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
    operation: kafkajs.AclOperationTypes.ANY,
    permissionType: kafkajs.AclPermissionTypes.ANY,
  };
  await assert.rejects(admin.describeAcls(everything), { type: 'SECURITY_DISABLED' });
  await admin.createTopics({ topics: [{ topic: 'moved' }] });
  const move = (broker: number) =>
    admin.alterPartitionReassignments({
      topics: [{ topic: 'moved', partitionAssignment: [{ partition: 0, replicas: [broker] }] }],
    });
  await move((await admin.describeCluster()).brokers[0]?.nodeId ?? -1);
  await assert.rejects(move(77));
  const { topics } = await admin.listPartitionReassignments({});
  assert.deepEqual(topics, []);
});
