import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, encodeBatch, ErrorCode } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

const [topic, broker, group] = [2, 4, 32] as const;
type Change = readonly [resourceType: number, resourceName: string, name: string, value: string | null];

async function change(client: WireClient, ...changes: readonly Change[]): Promise<readonly number[]> {
  const resources = changes.map(([resourceType, resourceName, name, value]) => ({
    resourceType,
    resourceName,
    configs: [{ name, configOperation: value === null ? 1 : 0, value }],
  }));
  const answer = await client.call(apis.incrementalAlterConfigs, 1, { resources, validateOnly: false });
  return answer.responses.map(({ errorCode }) => errorCode);
}

/** value@source of one setting */
async function shown(client: WireClient, resourceType: number, resourceName: string, name: string) {
  const { results } = await client.call(apis.describeConfigs, 4, {
    resources: [{ resourceType, resourceName, configurationKeys: [name] }],
    includeSynonyms: false,
    includeDocumentation: true,
  });
  const entry = results[0]?.configs[0];
  assert.notEqual(entry?.documentation, null);
  return `${entry?.value}@${entry?.configSource}`;
}

async function create(client: WireClient, name: string): Promise<void> {
  const one = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(apis.createTopics, 7, { topics: [one], timeoutMs: 1000, validateOnly: false });
}

test('what was changed is in force at once and after a restart, by place and synonym', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'log.retention.hours': '2' });
  let client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  await create(client, 'here');
  assert.equal(await shown(client, topic, 'here', 'retention.ms'), '7200000@5');
  const codes = await change(
    client,
    [broker, '', 'log.retention.ms', '1234'],
    [broker, '1', 'log.cleaner.delete.retention.ms', '77'],
    [topic, 'here', 'segment.ms', '99'],
    [group, 'g', 'consumer.session.timeout.ms', '50000'],
  );
  assert.deepEqual(codes, [0, 0, 0, 0]);
  const all = async () => [
    await shown(client, topic, 'here', 'retention.ms'),
    await shown(client, topic, 'here', 'delete.retention.ms'),
    await shown(client, topic, 'here', 'segment.ms'),
    await shown(client, group, 'g', 'consumer.session.timeout.ms'),
    await shown(client, broker, '1', 'log.retention.ms'),
  ];
  const expected = ['1234@3', '77@2', '99@1', '50000@8', '1234@3'];
  assert.deepEqual(await all(), expected);
  client.end();
  await fixture.restart();
  client = await WireClient.connect(fixture.port);
  assert.deepEqual(await all(), expected);
  await change(client, [topic, 'here', 'segment.ms', null], [broker, '', 'log.retention.ms', null]);
  assert.equal(await shown(client, topic, 'here', 'segment.ms'), '604800000@5');
  assert.equal(await shown(client, topic, 'here', 'retention.ms'), '7200000@5');
});

test('a topic setting acts on its running log: a batch larger than max.message.bytes is refused from then on', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  await create(client, 'here');
  const sizes = async (): Promise<number | undefined> => {
    const records = encodeBatch({ records: [{ timestamp: 1n, key: null, value: Buffer.alloc(500) }] });
    const answer = await client.call(apis.produce, 9, {
      transactionalId: null,
      acks: 1,
      timeoutMs: 1000,
      topicData: [{ name: 'here', partitionData: [{ index: 0, records }] }],
    });
    return answer.responses[0]?.partitionResponses[0]?.errorCode;
  };
  assert.equal(await sizes(), ErrorCode.NONE);
  await change(client, [topic, 'here', 'max.message.bytes', '100']);
  assert.equal(await sizes(), ErrorCode.MESSAGE_TOO_LARGE);
  await change(client, [topic, 'here', 'max.message.bytes', null], [broker, '', 'message.max.bytes', '101']);
  assert.equal(await sizes(), ErrorCode.MESSAGE_TOO_LARGE);
  await change(client, [broker, '', 'message.max.bytes', null]);
  assert.equal(await sizes(), ErrorCode.NONE);
});

test('a setting without effect is taken, and that is said once', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'num.network.threads': '4' });
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  await create(client, 'here');
  for (const value of ['true', 'false']) {
    assert.deepEqual(await change(client, [topic, 'here', 'preallocate', value]), [0]);
  }
  await change(client, [broker, '1', 'num.network.threads', '3']);
  const said = (name: string): number =>
    fixture.logger.of('warn').filter((line) => line.includes(name)).length;
  assert.deepEqual([said('preallocate'), said('num.network.threads')], [1, 1]);
  for (const name of ['packed', 'packed-too']) {
    const configs = [
      { name: 'compression.lz4.level', value: '17' },
      { name: 'unclean.leader.election.enable', value: 'false' },
    ];
    const topics = [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }];
    await client.call(apis.createTopics, 7, { topics, timeoutMs: 1000, validateOnly: false });
  }
  assert.equal(said('compression.lz4.level'), 1);
  assert.equal(said('unclean.leader.election.enable'), 0, 'it is so anyway');
});

test('a client that does not allow it, or a broker that does not, creates no topic by asking', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'auto.create.topics.enable': 'false' });
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  const ask = async (allowAutoTopicCreation: boolean): Promise<number | undefined> => {
    const topics = [{ name: 'asked', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
    const answer = await client.call(apis.metadata, 13, { topics, allowAutoTopicCreation });
    return answer.topics[0]?.errorCode;
  };
  for (const allowed of [true, true, false])
    assert.equal(await ask(allowed), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});
