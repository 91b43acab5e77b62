import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { apis } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { WireClient } from '../support/wire-client.js';

test('the data directory comes with the size of its volume and what of it is free', async (t) => {
  const fixture = await BrokerFixture.start(t);
  const client = await WireClient.connect(fixture.port);
  fixture.beforeStop(() => Promise.resolve(client.end()));
  const { results } = await client.call(apis.describeLogDirs, 4, { topics: null });
  const { bsize, blocks } = statfsSync(tmpdir(), { bigint: true });
  assert.equal(results[0]?.totalBytes, bsize * blocks);
  assert.ok(results[0].usableBytes > 0n && results[0].usableBytes <= results[0].totalBytes);
});
