import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { apis } from '@oubliette/protocol';
import { BrokerFixture } from '../support/broker-fixture.js';
import { KafkaNode, kafkaLibs } from '../support/live-kafka.js';
import { batchOf } from './batches.js';
import { fetchFrom } from './fetch-cases.js';
import { answerOf, compare, Side, type Case } from './two-brokers.js';

/*
 * What a start makes of logs that belong to no topic, and of the start of a log that DeleteRecords moved before the broker was stopped
 * or killed. Needs a directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */

const settings = { 'auto.create.topics.enable': 'false' };
const unknownId = 'b3VibGlldHRlLXN0cmF5MQ';

const fill: Case = async (_side, client) => {
  const answers = [];
  for (let batch = 0; batch < 3; batch++) {
    const topicData = [{ name: 'kept', partitionData: [{ index: 0, records: batchOf(2) }] }];
    const body = { transactionalId: null, acks: -1, timeoutMs: 5_000, topicData };
    const { responses } = await client.call(apis.produce, 8, body);
    answers.push(responses[0]?.partitionResponses[0]?.baseOffset);
  }
  return answers;
};

const deleteBelow =
  (offset: bigint): Case =>
  (_side, client) => {
    const topics = [{ name: 'kept', partitions: [{ partitionIndex: 0, offset }] }];
    return answerOf(client, apis.deleteRecords, 2, { topics, timeoutMs: 5_000 });
  };

const offsetsOf =
  (name: string): Case =>
  async (_side, client) => {
    const answers = [];
    for (const timestamp of [-2n, -1n, -3n, 0n]) {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp }];
      const topics = [{ name, partitions }];
      answers.push(await answerOf(client, apis.listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics }));
    }
    return answers;
  };

const reads: Case = async (side, client) => {
  const answers = [];
  for (const offset of [0n, 1n, 2n, 3n, 4n, 6n, 7n])
    answers.push((await fetchFrom(side, client, [{ topic: 'kept', offset }], { version: 12 })).said);
  return answers;
};

/** A log of a topic that nobody knows: that of `kept` under another name and id. */
function plant(dataDir: string, name: string): void {
  cpSync(join(dataDir, 'kept-0'), join(dataDir, name), { recursive: true });
  writeFileSync(join(dataDir, name, 'partition.metadata'), `version: 0\ntopic_id: ${unknownId}`);
}

/** The logs in a data directory, without what is by chance in their names, each with its records. */
function logsIn(dataDir: string): unknown {
  const names = readdirSync(dataDir).filter((name) => /^(kept|stray)/.test(name));
  return names.sort().map((name) => {
    const files = readdirSync(join(dataDir, name)).filter((file) => file.endsWith('.log'));
    const contents = files.map((file) => [file, readFileSync(join(dataDir, name, file)).toString('hex')]);
    return [name.replace(/[0-9a-f]{32}/, 'a uuid'), contents];
  });
}

/** Ours runs in this process; what a kill would leave of it is what its files hold at that moment. */
async function kill(t: TestContext, fixture: BrokerFixture): Promise<void> {
  const { dataDir, port } = fixture;
  const left = mkdtempSync(join(tmpdir(), 'oubliette-killed-'));
  t.after(() => rmSync(left, { recursive: true, force: true }));
  cpSync(dataDir, left, { recursive: true });
  // Its holder lives on, in this process; the copy may be given the number of the file that it is a copy of.
  rmSync(join(left, '.lock'));
  await fixture.stop();
  rmSync(dataDir, { recursive: true });
  cpSync(left, dataDir, { recursive: true });
  await fixture.start(port);
}

test('what a start finds is taken as on Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const fixture = await BrokerFixture.start(t, settings);
  const node = await KafkaNode.start(t, settings);
  const sides = [new Side('ours', fixture.port), new Side('kafka', node.port)] as const;
  const dataDirs = [fixture.dataDir, dirname(node.logDirectory('kept-0'))] as const;
  const look = { offsets: offsetsOf('kept'), reads };
  for (const side of sides) await side.createTopics({ kept: {} });
  await compare(t, sides, { fill });
  for (const [signal, offset] of [
    ['SIGTERM', 3n],
    ['SIGKILL', 5n],
  ] as const) {
    await t.test(`before ${signal}`, (part) =>
      compare(part, sides, { delete: deleteBelow(offset), ...look }),
    );
    for (const dataDir of dataDirs) plant(dataDir, `stray-${signal}-0`);
    await Promise.all([signal === 'SIGKILL' ? kill(t, fixture) : fixture.restart(), node.restart(signal)]);
    for (const side of sides) await side.untilLed({ kept: {} });
    await t.test(`after ${signal}`, (part) => compare(part, sides, look));
    await t.test(`the logs after ${signal}`, () => {
      const [ours, kafkas] = dataDirs.map(logsIn);
      assert.deepEqual(ours, kafkas);
      assert.match(JSON.stringify(ours), new RegExp(`stray-${signal}-0\\.a uuid-stray`));
    });
  }
  for (const side of sides) await side.createTopics({ 'stray-SIGKILL': {} });
  await compare(t, sides, { 'a topic of its name': offsetsOf('stray-SIGKILL') });
});
