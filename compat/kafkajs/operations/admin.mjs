import assert from 'node:assert/strict';
import { refused } from './workbench.mjs';

const topicType = 2;
const brokerType = 4;

/** Topics, settings, the cluster, records' deletion, access control. */
export const adminOperations = {
  async 'admin: create a topic'({ admin }) {
    const topic = `created-${process.pid}`;
    assert.equal(
      await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true }),
      true,
    );
    assert.equal(await admin.createTopics({ topics: [{ topic }] }), false);
    assert.ok((await admin.listTopics()).includes(topic));
  },

  async 'admin: refuse a bad topic name'({ admin }) {
    await refused(admin.createTopics({ topics: [{ topic: 'no spaces' }] }), 'INVALID_TOPIC_EXCEPTION');
  },

  async 'admin: refuse more replicas than brokers'({ admin }) {
    const topics = [{ topic: 'wide', replicationFactor: 2 }];
    await refused(admin.createTopics({ topics }), 'INVALID_REPLICATION_FACTOR');
  },

  async 'admin: refuse an unknown setting at creation'({ admin }) {
    const topics = [{ topic: 'odd', configEntries: [{ name: 'no.such.setting', value: '1' }] }];
    await refused(admin.createTopics({ topics }), 'INVALID_CONFIG');
  },

  async 'admin: validate only'(bench) {
    const topic = bench.name('validated');
    await bench.admin.createTopics({ topics: [{ topic }], validateOnly: true, waitForLeaders: false });
    assert.ok(!(await bench.admin.listTopics()).includes(topic));
  },

  async 'admin: topic metadata'(bench) {
    const topic = await bench.topic(3);
    const { topics } = await bench.admin.fetchTopicMetadata({ topics: [topic] });
    assert.deepEqual(topics[0].partitions.map(({ partitionId }) => partitionId).sort(), [0, 1, 2]);
    assert.ok(topics[0].partitions.every(({ isr, replicas }) => isr.length === 1 && replicas.length === 1));
  },

  async 'admin: refuse metadata of an unknown topic'({ admin }) {
    const topic = 'nobody-made-this';
    await refused(admin.fetchTopicMetadata({ topics: [topic] }), 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.ok(!(await admin.listTopics()).includes(topic));
  },

  async 'admin: add partitions'(bench) {
    const topic = await bench.topic(1);
    await bench.admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await bench.until(async () => {
      const { topics } = await bench.admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0].partitions.length === 4;
    }, 'four partitions');
    const fewer = bench.admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
    await refused(fewer, 'INVALID_PARTITIONS');
  },

  async 'admin: delete a topic'(bench) {
    const topic = await bench.topic();
    await bench.admin.deleteTopics({ topics: [topic] });
    await bench.until(async () => !(await bench.admin.listTopics()).includes(topic), 'the topic to be gone');
    const again = (await bench.hastyAdmin()).deleteTopics({ topics: [topic], timeout: 1000 });
    await refused(again, 'UNKNOWN_TOPIC_OR_PARTITION');
  },

  async 'admin: describe the cluster'({ admin, bootstrap }) {
    const { brokers, controller, clusterId } = await admin.describeCluster();
    assert.equal(brokers.length, 1);
    assert.equal(`${brokers[0].host}:${brokers[0].port}`, bootstrap);
    assert.equal(controller, brokers[0].nodeId);
    assert.equal(clusterId.length, 22);
  },

  async 'admin: describe a topic’s settings'(bench) {
    const topic = await bench.topic(1, [{ name: 'retention.ms', value: '60000' }]);
    const asked = { resources: [{ type: topicType, name: topic }], includeSynonyms: true };
    const { resources } = await bench.admin.describeConfigs(asked);
    const entry = (name) => resources[0].configEntries.find(({ configName }) => configName === name);
    assert.equal(entry('retention.ms').configValue, '60000');
    assert.equal(entry('retention.ms').configSource, 1);
    assert.equal(entry('cleanup.policy').configValue, 'delete');
    assert.equal(entry('cleanup.policy').configSource, 5);
  },

  async 'admin: describe the broker’s settings'({ admin }) {
    const { brokers } = await admin.describeCluster();
    const asked = { resources: [{ type: brokerType, name: String(brokers[0].nodeId) }] };
    const { resources } = await admin.describeConfigs(asked);
    const names = new Set(resources[0].configEntries.map(({ configName }) => configName));
    for (const name of ['log.retention.ms', 'num.partitions', 'log.dirs']) assert.ok(names.has(name), name);
  },

  async 'admin: alter a topic’s settings'(bench) {
    const topic = await bench.topic();
    const set = (name, value) => ({
      resources: [{ type: topicType, name: topic, configEntries: [{ name, value }] }],
    });
    // This is the call whose semantics are being tested; applications must not use it.
    const alter = (order) => bench.admin.alterConfigs(order);
    await alter(set('retention.ms', '70000'));
    const { resources } = await bench.admin.describeConfigs({
      resources: [{ type: topicType, name: topic, configNames: ['retention.ms'] }],
    });
    assert.equal(resources[0].configEntries[0].configValue, '70000');
    await refused(alter(set('no.such.setting', '1')), 'INVALID_CONFIG');
  },

  async 'admin: offsets of a topic'(bench) {
    const topic = await bench.topic(2);
    await bench.send(topic, [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
    ]);
    const offsets = await bench.admin.fetchTopicOffsets(topic);
    const byPartition = offsets.sort((left, right) => left.partition - right.partition);
    assert.deepEqual(
      byPartition.map(({ low, high }) => [low, high]),
      [
        ['0', '2'],
        ['0', '0'],
      ],
    );
  },

  async 'admin: offsets by time'(bench) {
    const topic = await bench.topic();
    const now = Date.now();
    const at = (ago) => ({ value: 'x', partition: 0, timestamp: String(now - ago) });
    await bench.send(topic, [at(3000), at(2000), at(1000)]);
    const offset = async (ago) =>
      (await bench.admin.fetchTopicOffsetsByTimestamp(topic, now - ago))[0].offset;
    assert.equal(await offset(5000), '0');
    assert.equal(await offset(2500), '1');
    assert.equal(await offset(1000), '2');
    assert.equal(await offset(-1000), '3');
  },

  async 'admin: delete records'(bench) {
    const topic = await bench.topic();
    await bench.send(
      topic,
      ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
    );
    // kafkajs asks the topic's leaders of its memory, so it must have seen the topic.
    await bench.admin.fetchTopicOffsets(topic);
    await bench.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    const [{ low, high }] = await bench.admin.fetchTopicOffsets(topic);
    assert.deepEqual([low, high], ['2', '3']);
    assert.deepEqual(
      (await bench.read(topic, 1)).map(({ value }) => String(value)),
      ['c'],
    );
    const beyond = bench.admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '9' }] });
    await refused(beyond, 'OFFSET_OUT_OF_RANGE');
  },

  async 'admin: list reassignments'({ admin }) {
    assert.deepEqual((await admin.listPartitionReassignments({})).topics, []);
  },

  async 'admin: no access control without an authorizer'({ admin }) {
    const filter = { resourceType: 2, resourcePatternType: 3, permissionType: 3, operation: 3 };
    await refused(admin.describeAcls(filter), 'SECURITY_DISABLED');
  },
};
