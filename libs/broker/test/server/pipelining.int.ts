import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis, decodeResponse, encodeBatch } from '@oubliette/protocol';
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
