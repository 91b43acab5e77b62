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
const framesPerConnection = 8;
/** The rest is well-formed and makes broken ones find something: sessions, groups, records. */
const brokenShare = 0.7;
/** Of each API so many frames are made, and broken again and again. */
const framesPerApi = 64;
const parallel = 8;
/** A connection whose requests wait for something is left after this many ms, when others were answered so often meanwhile. */
const patienceMs = 15;
const answersMeanwhile = 3;
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

function heapBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface WholeFrame {
  readonly key: number;
  readonly frame: Uint8Array;
}

/** Well-formed requests: `all` of every API, `quick` those that sync nothing. */
function wholeFrames(frames: RandomFrames): { readonly all: WholeFrame[]; readonly quick: WholeFrame[] } {
  const all = handlers.flatMap((handler: ApiHandler) => {
    return Array.from({ length: framesPerApi }, () => ({ key: handler.key, frame: frames.frame(handler) }));
  });
  return { all, quick: all.filter(({ key }) => !syncing.has(key)) };
}

/**
 * One connection's requests, most of them broken, the last one always. Returns how many broken ones the broker surely looked at: those up
 * to the last answer, and the one that it closed the connection for.
 */
async function sendOne(
  port: number,
  frames: RandomFrames,
  { all, quick }: ReturnType<typeof wholeFrames>,
  random: () => number,
  witness: WireClient,
): Promise<number> {
  const client = await WireClient.connect(port);
  const count = 1 + Math.floor(random() * framesPerConnection);
  const sent = Array.from({ length: count }, (_, index) => {
    const { key, frame } = frames.pick(random() < syncingShare ? all : quick);
    const isBroken = index === count - 1 || random() < brokenShare;
    return { isBroken, frame: isBroken ? frames.mutated(frame, !createsFiles.has(key)) : frame };
  });
  client.write(Buffer.concat(sent.map(({ frame }) => frame)));
  await client.framesWithin(count, patienceMs);
  await untilQuiet(client, count, witness);
  const lookedAt = client.arrived + (client.isClosed ? 1 : 0);
  client.end();
  return sent.slice(0, lookedAt).filter(({ isBroken }) => isBroken).length;
}

/** By time alone a busy machine would leave them before the broker has had its turn. */
async function untilQuiet(client: WireClient, count: number, witness: WireClient): Promise<void> {
  let [arrived, quiet] = [client.arrived, 0];
  while (quiet < answersMeanwhile && client.arrived < count && !client.isClosed) {
    await witness.call(apis.apiVersions, 0, {});
    quiet = client.arrived === arrived ? quiet + 1 : 0;
    ({ arrived } = client);
  }
}

test(
  `${total} broken frames of every API, among whole ones, harm nobody`,
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
    const whole = wholeFrames(frames);
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
      const witness = await WireClient.connect(fixture.port);
      t.after(() => witness.end());
      while (sent < total) {
        // Not `+= await`: that would forget what other lanes added meanwhile.
        const broken = await sendOne(fixture.port, frames, whole, random, witness);
        sent += broken;
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
