import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { apis, decodeResponse, encodeBatch, encodeRequest } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

const record = (value: string) => ({
  timestamp: BigInt(Date.parse('2026-01-01')),
  key: null,
  value: Buffer.from(value),
});
const produceBody = (acks: number, value: string) => ({
  acks,
  timeoutMs: 1000,
  topicData: [
    { name: 'piped', partitionData: [{ index: 0, records: encodeBatch({ records: [record(value)] }) }] },
  ],
});
const fetchBody = (fetchOffset: bigint, maxWaitMs: number) => ({
  maxWaitMs,
  minBytes: 1,
  maxBytes: 1_000_000,
  topics: [{ topic: 'piped', partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }] }],
});

test('answers come in the order of the requests, also where a later one is ready first', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  await client.call(apis.metadata, 4, { topics: [{ name: 'piped' }] });
  const sent: number[] = [];
  // acks=1 is done before the acks=-1 before it is synced.
  for (let index = 0; index < 20; index++) {
    sent.push(client.send(apis.produce, 7, produceBody(index % 2 === 0 ? -1 : 1, String(index))));
  }
  const offsets: (bigint | undefined)[] = [];
  for (const correlationId of sent) {
    const answer = decodeResponse(apis.produce, 7, await client.frame());
    assert.equal(answer.correlationId, correlationId);
    offsets.push(answer.body.responses[0]?.partitionResponses[0]?.baseOffset);
  }
  assert.deepEqual(
    offsets,
    Array.from({ length: 20 }, (_, index) => BigInt(index)),
  );
});

test('a waiting fetch is answered by the append it waits for, and holds up what follows it', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const [reader, writer] = [await WireClient.connect(fixture.port), await WireClient.connect(fixture.port)];
  t.after(() => [reader, writer].forEach((client) => client.end()));
  await reader.call(apis.metadata, 4, { topics: [{ name: 'piped' }] });
  const fetchId = reader.send(apis.fetch, 11, fetchBody(0n, 60_000));
  const nextId = reader.send(apis.apiVersions, 0, {});
  await writer.call(apis.produce, 7, produceBody(1, 'woken'));
  const fetched = decodeResponse(apis.fetch, 11, await reader.frame());
  assert.equal(fetched.correlationId, fetchId);
  assert.ok((fetched.body.responses[0]?.partitions[0]?.records?.length ?? 0) > 61);
  assert.equal(decodeResponse(apis.apiVersions, 0, await reader.frame()).correlationId, nextId);
});

test('a stop answers a waiting fetch at once', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const reader = await WireClient.connect(fixture.port);
  await reader.call(apis.metadata, 4, { topics: [{ name: 'piped' }] });
  reader.send(apis.fetch, 11, fetchBody(0n, 60_000));
  // The same connection cannot ask whether the fetch is there; another one's round trip is behind it.
  const other = await WireClient.connect(fixture.port);
  await other.call(apis.apiVersions, 0, {});
  const answered = reader.frame();
  await fixture.stop();
  assert.equal(decodeResponse(apis.fetch, 11, await answered).body.errorCode, 0);
  await Promise.all([reader.closed(), other.closed()]);
  assert.deepEqual(fixture.logger.of('error'), []);
});

test('what a client has not read yet keeps its next requests waiting, and nobody else', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const other = await WireClient.connect(fixture.port);
  t.after(() => other.end());
  await other.call(apis.metadata, 4, { topics: [{ name: 'piped' }] });
  await other.call(apis.produce, 7, produceBody(1, 'x'.repeat(1_000_000)));
  const head = (correlationId: number) => ({ correlationId, clientId: 'lazy' });
  // More than any socket buffers, and behind it a batch that shows whether all of it was served.
  const fetches = Array.from({ length: 40 }, (_, index) =>
    encodeRequest(apis.fetch, 11, head(index), fetchBody(0n, 0)),
  );
  const last = encodeRequest(apis.produce, 7, head(40), produceBody(1, 'last'));
  const lazy = connect({ host: '127.0.0.1', port: fixture.port });
  t.after(() => lazy.destroy());
  lazy.pause();
  lazy.write(Buffer.concat([...fetches, last]));
  const topics = [{ name: 'piped', partitions: [{ partitionIndex: 0, timestamp: -1n }] }];
  const endOffset = async (): Promise<bigint | undefined> =>
    (await other.call(apis.listOffsets, 4, { replicaId: -1, topics })).topics[0]?.partitions[0]?.offset;
  for (let look = 0; look < 500; look++) assert.equal(await endOffset(), 1n);
  lazy.resume();
  while ((await endOffset()) !== 2n);
});

test('what follows a request of very many partitions is appended behind it', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  t.after(() => client.end());
  await client.call(apis.metadata, 4, { topics: [{ name: 'piped' }] });
  const records = encodeBatch({ records: [record('wide')] });
  const missing = Array.from({ length: 20_000 }, (_, index) => ({ index: index + 1, records }));
  const wide = {
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name: 'piped', partitionData: [...missing, { index: 0, records }] }],
  };
  client.send(apis.produce, 7, wide);
  client.send(apis.produce, 7, produceBody(1, 'next'));
  const answers = [
    decodeResponse(apis.produce, 7, await client.frame()),
    decodeResponse(apis.produce, 7, await client.frame()),
  ].map(({ body }) => body.responses[0]?.partitionResponses ?? []);
  assert.equal(answers[0]?.length, 20_001);
  assert.deepEqual([...new Set(answers[0].slice(0, -1).map(({ errorCode }) => errorCode))], [3]);
  assert.deepEqual([answers[0].at(-1)?.baseOffset, answers[1]?.[0]?.baseOffset], [0n, 1n]);
});
