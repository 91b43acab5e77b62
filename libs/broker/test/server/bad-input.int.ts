import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { apis, encodeBatch, encodeRequest, ErrorCode } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

const secret = 'grace-hopper-is-nobody-else';

/** Sends the bytes on a connection of its own: the connection must close with a log line, and a neighbour must not notice. */
async function closes(t: TestContext, fixture: BrokerFixture, bytes: Uint8Array): Promise<void> {
  const [bad, neighbour] = [await WireClient.connect(fixture.port), await WireClient.connect(fixture.port)];
  t.after(() => neighbour.end());
  const before = fixture.logger.of('warn').length;
  bad.write(bytes);
  await bad.closed();
  assert.equal(fixture.logger.of('warn').length, before + 1);
  const { errorCode } = await neighbour.call(apis.apiVersions, 0, {});
  assert.equal(errorCode, ErrorCode.NONE);
  assert.ok(!JSON.stringify(fixture.logger.lines).includes(secret));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A frame with a header of version 1: key, version, correlation id, client id. */
function frame(key: number, version: number, body: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(10);
  head.writeInt16BE(key, 0);
  head.writeInt16BE(version, 2);
  head.writeInt16BE(-1, 8);
  return Buffer.concat([int32(head.length + body.length), head, body]);
}

test('a frame of a wrong size closes its connection only', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'socket.request.max.bytes': '65536' });
  for (const size of [-1, 0, 7, 65_537, 0x7fffffff]) {
    await closes(t, fixture, Buffer.concat([int32(size), Buffer.from(secret)]));
  }
  // What HTTP clients say first reads as a length of 1,195,725,856.
  await closes(t, fixture, Buffer.from(`GET /${secret} HTTP/1.1\r\n\r\n`));
});

test('an unknown API, a version that is not served and a cut-off body close their connection only', async (t) => {
  const fixture = await BrokerFixture.start(t);
  await closes(t, fixture, frame(999, 0, Buffer.from(secret)));
  await closes(t, fixture, frame(apis.metadata.key, 99, Buffer.from(secret)));
  await closes(t, fixture, frame(apis.produce.key, 2));
  const whole = encodeRequest(
    apis.createTopics,
    2,
    { correlationId: 1, clientId: null },
    {
      topics: [{ name: secret, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    },
  );
  const cut = Buffer.from(whole.subarray(0, whole.length - 9));
  cut.writeInt32BE(cut.length - 4, 0);
  await closes(t, fixture, cut);
});

test('ApiVersions of an unknown version is answered in version 0 with UNSUPPORTED_VERSION', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  // Header version 2: an empty section of tagged fields behind the client id.
  client.write(frame(apis.apiVersions.key, 120, Buffer.from([0])));
  const answer = await client.frame();
  assert.equal(answer.readInt32BE(0), 0);
  assert.equal(answer.readInt16BE(4), ErrorCode.UNSUPPORTED_VERSION);
  assert.deepEqual([...answer.subarray(6)], [0, 0, 0, 1, 0, 18, 0, 0, 0, 4]);
  assert.equal(
    (await client.call(apis.apiVersions, 4, { clientSoftwareName: 'x', clientSoftwareVersion: '1' }))
      .errorCode,
    0,
  );
});

test('batches that are not whole and intact are refused by code, and the connection lives on', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  await client.call(apis.metadata, 4, { topics: [{ name: 'in' }] });
  const batch = (): Uint8Array =>
    encodeBatch({
      records: [{ timestamp: BigInt(Date.parse('2026-01-01')), key: null, value: Buffer.from(secret) }],
    });
  const produce = async (
    records: Uint8Array | null,
    topic = 'in',
    acks = -1,
  ): Promise<number | undefined> => {
    const body = {
      acks,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    };
    const { responses } = await client.call(apis.produce, 8, body);
    return responses[0]?.partitionResponses[0]?.errorCode;
  };
  const flipped = batch();
  flipped[flipped.length - 2] = (flipped[flipped.length - 2] ?? 0) ^ 1;
  const oldFormat = batch();
  oldFormat[16] = 1;
  const transactional = encodeBatch({ records: [], isTransactional: true, producerId: 1n, producerEpoch: 0 });
  assert.equal(await produce(flipped), ErrorCode.CORRUPT_MESSAGE);
  assert.equal(await produce(batch().subarray(0, 70)), ErrorCode.INVALID_RECORD);
  assert.equal(await produce(batch().subarray(0, 20)), ErrorCode.INVALID_RECORD);
  assert.equal(await produce(null), ErrorCode.INVALID_RECORD);
  assert.equal(await produce(Buffer.concat([batch(), batch()])), ErrorCode.INVALID_RECORD);
  assert.equal(await produce(oldFormat), ErrorCode.INVALID_RECORD);
  assert.equal(await produce(transactional), ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  assert.equal(await produce(batch(), 'nowhere'), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await produce(batch(), '__consumer_offsets'), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  // Whoever looks for a coordinator has it made.
  await findCoordinator(client);
  assert.equal(await produce(batch(), '__consumer_offsets'), ErrorCode.INVALID_TOPIC_EXCEPTION);
  assert.equal(await produce(batch(), 'in', 5), ErrorCode.INVALID_REQUIRED_ACKS);
  assert.equal(await produce(batch()), ErrorCode.NONE);
  assert.ok(!JSON.stringify(fixture.logger.lines).includes(secret));
});

test('a partition below 0 is none, and not one of a topic whose name ends in a dash', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'num.partitions': '2' });
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  await client.call(apis.metadata, 4, { topics: [{ name: 't' }, { name: 't-' }] });
  const records = encodeBatch({ records: [{ timestamp: 0n, key: null, value: null }] });
  for (const [name, index, expected] of [
    ['t-', 1, ErrorCode.NONE],
    ['t', -1, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ] as const) {
    const topicData = [{ name, partitionData: [{ index, records }] }];
    const { responses } = await client.call(apis.produce, 8, { acks: 1, timeoutMs: 1000, topicData });
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, expected);
  }
});

test('many refused batches of one request bring few lines into the log', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  const partitionData = Array.from({ length: 1_000 }, (_, index) => ({ index, records: null }));
  const body = { acks: 1, timeoutMs: 1000, topicData: [{ name: 'nowhere', partitionData }] };
  const { responses } = await client.call(apis.produce, 8, body);
  assert.equal(responses[0]?.partitionResponses.length, 1_000);
  assert.equal(fixture.logger.of('warn').length, 11);
});

test('a batch sent with acks=0 and refused closes the connection: there is no other way to tell', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  const topicData = [{ name: 'nowhere', partitionData: [{ index: 0, records: new Uint8Array(61) }] }];
  client.send(apis.produce, 8, { acks: 0, timeoutMs: 0, topicData });
  await client.closed();
});

test('connections beyond max.connections wait, those beyond the backlog are refused, the others served', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'max.connections': '2', 'socket.listen.backlog.size': '1' });
  const connect = (): Promise<WireClient> => WireClient.connect(fixture.port);
  const clients = [await connect(), await connect()];
  for (const client of clients) await client.call(apis.apiVersions, 0, {});
  const waiting = [await connect(), await connect()];
  t.after(() => [...clients, ...waiting].forEach((client) => client.end()));
  const answers = waiting.map((client) => client.call(apis.apiVersions, 0, {}));
  const refused = await connect();
  await refused.closed();
  for (const client of clients) assert.equal((await client.call(apis.apiVersions, 0, {})).errorCode, 0);
  assert.deepEqual(
    waiting.map(({ arrived, isClosed }) => [arrived, isClosed]),
    [
      [0, false],
      [0, false],
    ],
  );
  for (const [index, client] of clients.entries()) {
    client.end();
    assert.equal((await answers[index])?.errorCode, 0);
  }
});

test('one that left while it waited takes no place, and a stop ends those that wait', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'max.connections': '1' });
  const first = await WireClient.connect(fixture.port);
  await first.call(apis.apiVersions, 0, {});
  const [gone, third, fourth] = [
    await WireClient.connect(fixture.port),
    await WireClient.connect(fixture.port),
    await WireClient.connect(fixture.port),
  ];
  gone.end();
  const answer = third.call(apis.apiVersions, 0, {});
  first.end();
  assert.equal((await answer).errorCode, 0);
  await fixture.stop();
  await fourth.closed();
  await third.closed();
});

test('a request that asks very much keeps nobody else waiting', async (t) => {
  const fixture = await BrokerFixture.start(t, { 'auto.create.topics.enable': 'false' });
  const [greedy, other] = [await WireClient.connect(fixture.port), await WireClient.connect(fixture.port)];
  t.after(() => [greedy, other].forEach((client) => client.end()));
  const numbers = Array.from({ length: 20_000 }, (_, index) => index);
  const broker = { resourceType: 4, resourceName: '1' };
  let answered = 0;
  const asked = [
    greedy.call(apis.metadata, 8, { topics: numbers.map((n) => ({ name: `t${n}` })) }),
    greedy.call(apis.listOffsets, 5, {
      replicaId: -1,
      topics: [
        { name: 't', partitions: numbers.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) },
      ],
    }),
    greedy.call(apis.fetch, 11, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [
        {
          topic: 't',
          partitions: numbers.map((partition) => ({ partition, fetchOffset: 0n, partitionMaxBytes: 1 })),
        },
      ],
    }),
    greedy.call(apis.describeConfigs, 4, {
      resources: numbers.map((n) => ({
        ...broker,
        configurationKeys: n < 100 ? [`none.${n}`] : ['node.id'],
      })),
    }),
  ].map((call) => call.finally(() => (answered += 1)));
  let roundTrips = 0;
  for (; answered < asked.length; roundTrips++) await other.call(apis.apiVersions, 0, {});
  // One for each request and a few for what is read and written at once: it was 9 while each held everybody up.
  assert.ok(roundTrips > 15, String(roundTrips));
  const [, , , configs] = await Promise.all(asked);
  assert.equal((configs as { results: readonly unknown[] }).results.length, 101);
});

/** Looks until there is one: the first who does has its topic made. */
async function findCoordinator(client: WireClient): Promise<void> {
  for (;;) {
    const body = { key: '', keyType: 0, coordinatorKeys: ['g'] };
    const { coordinators } = await client.call(apis.findCoordinator, 4, body);
    if (coordinators[0]?.errorCode === ErrorCode.NONE) return;
  }
}
