import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { apis, encodeBatch } from '@oubliette/protocol';
import { handlers } from '../../src/handlers/handlers.js';
import type { ApiHandler } from '../../src/server/api-handler.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { RandomFrames, seeded } from '../support/random-frames.js';
import { WireClient } from '../support/wire-client.js';

const isFull = process.env['OUBLIETTE_FULL'] === '1';
const total = Number(process.env['OUBLIETTE_FUZZ_FRAMES'] ?? (isFull ? 1_000_000 : 5_000));
const framesPerConnection = 24;
const parallel = 8;
/** A connection whose requests wait for something is left after this many ms. */
const patienceMs = 15;
/** The neighbour is asked after every so many connections, and must be answered within this many ms. */
const probeEvery = 50;
const answerMs = 5_000;
const allowedGrowthBytes = 48 * 1024 * 1024;
/** Topics and partitions by the thousand are no fault, but no test of bad input either. */
const createsFiles: ReadonlySet<number> = new Set([apis.createTopics.key, apis.createPartitions.key]);

/** Each of these syncs a file: a few of them go as far. */
const syncing: ReadonlySet<number> = new Set(
  [
    apis.createTopics,
    apis.createPartitions,
    apis.deleteTopics,
    apis.alterConfigs,
    apis.incrementalAlterConfigs,
    apis.initProducerId,
  ].map(({ key }) => key),
);
const syncingShare = 0.05;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const quick = handlers.filter(({ key }) => !syncing.has(key));

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One connection's requests: well-formed ones and, last, one that is not. */
async function sendOne(port: number, frames: RandomFrames, random: () => number): Promise<number> {
  const client = await WireClient.connect(port);
  const count = 1 + Math.floor(random() * framesPerConnection);
  const chosen: ApiHandler[] = Array.from({ length: count }, () => {
    return random() < syncingShare ? frames.pick(handlers) : frames.pick(quick);
  });
  const sent = chosen.map((handler, index) => {
    const frame = frames.frame(handler);
    return index < count - 1 ? frame : frames.mutated(frame, !createsFiles.has(handler.key));
  });
  client.write(Buffer.concat(sent));
  const patience = new AbortController();
  await Promise.race([
    client.closed(),
    client.frames(count),
    sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
  client.end();
  return count;
}

test(
  `${total} frames, broken and senseless, of every API harm nobody`,
  { timeout: isFull ? 3_600_000 : 300_000 },
  async (t) => {
    const seed = Number(process.env['OUBLIETTE_SEED'] ?? '20261122');
    const random = seeded(seed);
    const batch = (): Uint8Array =>
      encodeBatch({
        records: [{ timestamp: BigInt(Date.now()), key: Buffer.from('k'), value: Buffer.from('v') }],
        compression: random() < 0.5 ? 'none' : 'gzip',
      });
    const frames = new RandomFrames(random, batch);
    const fixture = await BrokerFixture.start(t, { 'auto.create.topics.enable': 'false' });
    const neighbour = await WireClient.connect(fixture.port);
    t.after(() => neighbour.end());
    await neighbour.call(apis.createTopics, 4, {
      topics: [{ name: 'here', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1000,
    });
    const probe = async (): Promise<void> => {
      const answer = await Promise.race([
        neighbour.call(apis.apiVersions, 0, {}),
        sleep(answerMs, null, { ref: false }),
      ]);
      assert.ok(answer !== null, `seed ${seed}: the neighbour was not answered within ${answerMs} ms`);
      assert.deepEqual(
        fixture.logger.lines.filter(({ level }) => level === 'error'),
        [],
        `seed ${seed}`,
      );
      fixture.logger.lines.length = 0;
    };
    let sent = 0;
    let connections = 0;
    let afterWarmUp = 0;
    const runLane = async (): Promise<void> => {
      while (sent < total) {
        sent += await sendOne(fixture.port, frames, random);
        if (++connections % probeEvery === 0) await probe();
        if (afterWarmUp === 0 && sent > total / 4) afterWarmUp = heapBytes();
      }
    };
    await Promise.all(Array.from({ length: parallel }, runLane));
    await probe();
    const growth = heapBytes() - afterWarmUp;
    assert.ok(growth < allowedGrowthBytes, `seed ${seed}: memory grew by ${growth} bytes`);
    const answer = await neighbour.call(apis.metadata, 4, {
      topics: [{ name: 'here' }],
      allowAutoTopicCreation: false,
    });
    assert.equal(answer.topics.length, 1);
  },
);
