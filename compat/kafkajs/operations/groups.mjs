import assert from 'node:assert/strict';
import { refused } from './workbench.mjs';

/** Starts a member that keeps what it was last assigned and what it saw. */
async function member(bench, topic, options) {
  const consumer = await bench.consumer(options);
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const state = { consumer, partitions: [], values: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    state.partitions = [...(payload.memberAssignment[topic] ?? [])].sort();
  });
  await consumer.run({ eachMessage: async ({ message }) => void state.values.push(String(message.value)) });
  return state;
}

async function committed(bench, groupId, topic) {
  const [{ partitions }] = await bench.admin.fetchOffsets({ groupId, topics: [topic] });
  return partitions.sort((left, right) => left.partition - right.partition).map(({ offset }) => offset);
}

/** A group that committed offset 3 of one partition and has no members any more. */
async function emptyGroup(bench) {
  const topic = await bench.topic();
  const groupId = bench.name('group');
  await bench.send(
    topic,
    ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
  );
  await bench.read(topic, 3, { groupId });
  return { topic, groupId };
}

/** Members and their turns, committed offsets, what an administrator does with them. */
export const groupOperations = {
  async 'groups: two members share, the one that stays takes over'(bench) {
    const topic = await bench.topic(4);
    const groupId = bench.name('group');
    const first = await member(bench, topic, { groupId });
    await bench.until(() => first.partitions.length === 4, 'all partitions');
    const second = await member(bench, topic, { groupId });
    const shared = () => first.partitions.length === 2 && second.partitions.length === 2;
    await bench.until(shared, 'two partitions each');
    const { groups } = await bench.admin.describeGroups([groupId]);
    assert.equal(groups[0].state, 'Stable');
    assert.equal(groups[0].protocol, 'RoundRobinAssigner');
    assert.equal(groups[0].members.length, 2);
    await second.consumer.disconnect();
    await bench.until(() => first.partitions.length === 4, 'all partitions again');
  },

  async 'groups: a new partition is assigned'(bench) {
    const topic = await bench.topic(1);
    const one = await member(bench, topic, { metadataMaxAge: 500 });
    await bench.until(() => one.partitions.length === 1, 'one partition');
    await bench.admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await bench.until(() => one.partitions.length === 3, 'three partitions');
  },

  async 'groups: committed offsets are resumed from'(bench) {
    const { topic, groupId } = await emptyGroup(bench);
    await bench.send(topic, [{ value: 'd', partition: 0 }]);
    assert.deepEqual(
      (await bench.read(topic, 1, { groupId })).map(({ value }) => String(value)),
      ['d'],
    );
    assert.deepEqual(await committed(bench, groupId, topic), ['4']);
  },

  async 'groups: manual commits'(bench) {
    const topic = await bench.topic();
    const groupId = bench.name('group');
    await bench.send(
      topic,
      ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
    );
    const consumer = await bench.consumer({ groupId });
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let seen = 0;
    await consumer.run({ autoCommit: false, eachMessage: async () => void (seen += 1) });
    await bench.until(() => seen === 3, 'three messages');
    assert.deepEqual(await committed(bench, groupId, topic), ['-1']);
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2', metadata: 'a note' }]);
    const [{ partitions }] = await bench.admin.fetchOffsets({ groupId, topics: [topic] });
    assert.equal(partitions[0].offset, '2');
    assert.equal(partitions[0].metadata, 'a note');
  },

  async 'groups: list and describe'(bench) {
    const { groupId } = await emptyGroup(bench);
    const { groups } = await bench.admin.listGroups();
    assert.deepEqual(
      groups.filter((group) => group.groupId === groupId),
      [{ groupId, protocolType: 'consumer' }],
    );
    const described = await bench.admin.describeGroups([groupId, 'nobody-here']);
    // Kafka answers in the order of its own partitions.
    const states = new Map(described.groups.map((group) => [group.groupId, group.state]));
    assert.deepEqual([states.get(groupId), states.get('nobody-here'), states.size], ['Empty', 'Dead', 2]);
  },

  async 'groups: set and reset offsets'(bench) {
    const { topic, groupId } = await emptyGroup(bench);
    await bench.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1' }] });
    assert.deepEqual(await committed(bench, groupId, topic), ['1']);
    await bench.admin.resetOffsets({ groupId, topic, earliest: true });
    assert.deepEqual(await committed(bench, groupId, topic), ['-2']);
    assert.equal((await bench.read(topic, 3, { groupId })).length, 3);
  },

  async 'groups: no offsets are set under running members'(bench) {
    const topic = await bench.topic();
    const groupId = bench.name('group');
    const one = await member(bench, topic, { groupId });
    await bench.until(() => one.partitions.length === 1, 'one partition');
    const set = bench.admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1' }] });
    await assert.rejects(set, /consumer group must have no running instances/i);
  },

  async 'groups: delete'(bench) {
    const { topic, groupId } = await emptyGroup(bench);
    await bench.admin.deleteGroups([groupId]);
    assert.deepEqual(await committed(bench, groupId, topic), ['-1']);
    await refused(bench.admin.deleteGroups([groupId]), 'GROUP_ID_NOT_FOUND');
  },

  async 'groups: one with members is not deleted'(bench) {
    const topic = await bench.topic();
    const groupId = bench.name('group');
    const one = await member(bench, topic, { groupId });
    await bench.until(() => one.partitions.length === 1, 'one partition');
    await refused(bench.admin.deleteGroups([groupId]), 'NON_EMPTY_GROUP');
  },

  async 'groups: a session time-out out of bounds is refused'(bench) {
    const topic = await bench.topic();
    const consumer = await bench.consumer({ sessionTimeout: 1000, retry: { retries: 0 } });
    await consumer.subscribe({ topics: [topic] });
    let crash;
    consumer.on(consumer.events.CRASH, ({ payload }) => (crash = payload.error));
    await consumer.run({ eachMessage: async () => undefined }).catch((error) => (crash = error));
    await bench.until(() => crash !== undefined, 'the consumer to give up');
    assert.match(
      `${crash.type} ${crash.cause?.type} ${crash.message}`,
      /INVALID_SESSION_TIMEOUT|session timeout/,
    );
  },
};
