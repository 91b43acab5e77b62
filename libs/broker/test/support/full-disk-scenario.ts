import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { apis, encodeBatch, ErrorCode, iterateBatches } from '@oubliette/protocol';
import { startBroker, type RunningBroker } from '../../src/index.js';
import { RecordingLogger } from './broker-fixture.js';
import { WireClient } from './wire-client.js';

// Runs a broker on a small volume of its own (argument 1), fills it up and makes room again. Ends with 0 when all was as it should be.

const volume = process.argv[2] ?? '';
const filler = join(volume, 'filler');
const dataDir = join(volume, 'data');
const config = {
  'offsets.topic.num.partitions': '1',
  'log.roll.ms': '5',
  'log.flush.offset.checkpoint.interval.ms': '100',
  'log.retention.check.interval.ms': '100',
  'log.initial.task.delay.ms': '0',
  'log.cleaner.backoff.ms': '50',
  'auto.create.topics.enable': 'false',
};
const blockBytes = 4_096;
const logger = new RecordingLogger();

/** Takes every block of the volume that is left. */
function fill(): void {
  const file = openSync(filler, 'a');
  const block = Buffer.alloc(blockBytes, 1);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(file);
  }
}

function makeRoom(): void {
  rmSync(filler);
}

class Session {
  private constructor(
    readonly broker: RunningBroker,
    readonly client: WireClient,
  ) {}

  static async open(): Promise<Session> {
    const broker = await startBroker({ dataDir, port: 0, config, logger });
    const session = new Session(broker, await WireClient.connect(Number(broker.bootstrap.split(':')[1])));
    for (let tries = 0; !(await session.#hasCoordinator()); tries++) assert.ok(tries < 100, 'no coordinator');
    return session;
  }

  /** Asking for it makes the topic of the committed offsets. */
  async #hasCoordinator(): Promise<boolean> {
    return (await this.client.call(apis.findCoordinator, 3, { key: 'group', keyType: 0 })).errorCode === 0;
  }

  async close(): Promise<void> {
    this.client.end();
    await this.broker.stop();
  }

  async createTopic(name: string, cleanupPolicy = 'delete'): Promise<number> {
    const configs = [
      { name: 'cleanup.policy', value: cleanupPolicy },
      { name: 'min.cleanable.dirty.ratio', value: '0' },
    ];
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs };
    const body = { topics: [topic], timeoutMs: 5_000, validateOnly: false };
    return (await this.client.call(apis.createTopics, 7, body)).topics[0]?.errorCode ?? -1;
  }

  async deleteTopic(name: string): Promise<number> {
    const topics = [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }];
    const answer = await this.client.call(apis.deleteTopics, 6, { topics, timeoutMs: 5_000 });
    return answer.responses[0]?.errorCode ?? -1;
  }

  async deleteRecords(offset: bigint): Promise<number> {
    const topics = [{ name: 'kept', partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await this.client.call(apis.deleteRecords, 2, { topics, timeoutMs: 5_000 });
    return answer.topics[0]?.partitions[0]?.errorCode ?? -1;
  }

  /** The error code, 0 when the record stands. */
  async produce(name: string, key: string, acks: -1 | 1 = -1): Promise<number> {
    const value = Buffer.alloc(8_192, key);
    const records = encodeBatch({
      records: [{ timestamp: BigInt(Date.now()), key: Buffer.from(key), value }],
    });
    const topicData = [{ name, partitionData: [{ index: 0, records }] }];
    const body = { transactionalId: null, acks, timeoutMs: 5_000, topicData };
    return (
      (await this.client.call(apis.produce, 9, body)).responses[0]?.partitionResponses[0]?.errorCode ?? -1
    );
  }

  /** What a start or a cleaning has freed takes a few yet; returns how many. */
  async produceUntilRefused(name: string, acks: -1 | 1): Promise<number> {
    for (let taken = 0; taken < 20; taken++) {
      const code = await this.produce(name, 'full', acks);
      if (code === 0) continue;
      assert.equal(code, ErrorCode.KAFKA_STORAGE_ERROR);
      return taken;
    }
    return assert.fail('appends go on without room');
  }

  /** How many records stand in a topic that nothing was cleaned from. */
  async count(topic: string): Promise<number> {
    let count = 0;
    for (let fetchOffset = 0n; ;) {
      const partition = {
        currentLeaderEpoch: -1,
        fetchOffset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: 1_000_000,
      };
      const answer = await this.client.call(apis.fetch, 12, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1_000_000,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        forgottenTopicsData: [],
        rackId: '',
        topics: [{ topic, partitions: [{ partition: 0, ...partition }] }],
      });
      const found = answer.responses[0]?.partitions[0];
      assert.equal(found?.errorCode, 0);
      const batches = [...iterateBatches(found?.records ?? Buffer.alloc(0), { partialTail: 'ignore' })];
      for (const batch of batches) count += batch.recordCount;
      const last = batches.at(-1);
      if (last === undefined) return count;
      fetchOffset = last.nextOffset;
    }
  }

  async commit(offset: bigint, metadata = ''): Promise<number> {
    const partition = { partitionIndex: 0, committedOffset: offset, committedMetadata: metadata };
    const body = {
      groupId: 'group',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'kept', partitions: [partition] }],
    };
    const answer = await this.client.call(apis.offsetCommit, 8, body);
    return answer.topics[0]?.partitions[0]?.errorCode ?? -1;
  }

  async committed(): Promise<bigint> {
    const topics = [{ name: 'kept', partitionIndexes: [0] }];
    const answer = await this.client.call(apis.offsetFetch, 5, { groupId: 'group', topics });
    return answer.topics[0]?.partitions[0]?.committedOffset ?? -1n;
  }

  async alter(topic: string, name: string, value: string): Promise<number> {
    const configs = [{ name, configOperation: 0, value }];
    const resources = [{ resourceType: 2, resourceName: topic, configs }];
    const answer = await this.client.call(apis.incrementalAlterConfigs, 1, {
      resources,
      validateOnly: false,
    });
    return answer.responses[0]?.errorCode ?? -1;
  }

  async topics(): Promise<string[]> {
    const asked = { topics: null, allowAutoTopicCreation: false };
    const answer = await this.client.call(apis.metadata, 9, {
      ...asked,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    });
    return answer.topics.map(({ name }) => name ?? '').sort();
  }
}

/** What an operator does: a shorter retention gives room back while the volume is full. Returns how many records `kept` has more. */
async function giveRoomBack(session: Session): Promise<number> {
  for (let count = 0; count < 20; count++) assert.equal(await session.produce('old', `k${count}`), 0);
  fill();
  const taken = await session.produceUntilRefused('kept', -1);
  assert.equal(await session.alter('old', 'file.delete.delay.ms', '1'), 0);
  assert.equal(await session.alter('old', 'retention.ms', '1'), 0);
  for (let tries = 0; (await session.produce('kept', 'room')) !== 0; tries++) {
    assert.ok(tries < 100, 'retention gives no room back');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  makeRoom();
  return taken + 1;
}

async function run(): Promise<void> {
  let session = await Session.open();
  assert.equal(await session.createTopic('kept'), 0);
  assert.equal(await session.createTopic('cleaned', 'compact'), 0);
  assert.equal(await session.createTopic('old'), 0);
  let kept = 0;
  for (; kept < 20; kept++) {
    assert.equal(await session.produce('kept', `k${kept}`), 0);
    assert.equal(await session.produce('cleaned', `k${kept % 3}`), 0);
  }
  assert.equal(await session.commit(3n), 0);
  const before = await session.topics();
  for (const round of [1, 2]) assert.equal(await session.createTopic(`unwanted-${round}`), 0);

  for (const round of [1, 2]) {
    fill();
    for (const acks of [-1, 1] as const) kept += await session.produceUntilRefused('kept', acks);
    // What takes less than a block may still find room in one.
    let committed = await session.committed();
    for (let tries = 0, code = 0; code === 0; tries++) {
      assert.ok(tries < 100, 'commits go on without room');
      code = await session.commit(100n + BigInt(tries), 'm'.repeat(2_000));
      if (code === 0) committed = 100n + BigInt(tries);
    }
    assert.equal(await session.committed(), committed, 'a refused commit is not seen');
    assert.equal(await session.createTopic(`late-${round}`), ErrorCode.KAFKA_STORAGE_ERROR);
    assert.equal(await session.alter('kept', 'retention.ms', `${round}000000`), 0);
    assert.equal(await session.deleteTopic(`unwanted-${round}`), 0, 'what gives room back is not refused');
    const others = (await session.topics()).filter((name) => !name.startsWith('unwanted'));
    assert.deepEqual(others, before, 'a topic that could not be made is not seen');
    assert.equal(await session.count('kept'), kept);
    await new Promise((resolve) => setTimeout(resolve, 300));
    makeRoom();
    assert.equal(await session.produce('kept', 'room'), 0);
    assert.equal(await session.produce('cleaned', 'room', 1), 0);
    kept++;
    assert.equal(await session.commit(200n + BigInt(round)), 0);
    assert.equal(await session.createTopic(`room-${round}`), 0);
    before.push(`room-${round}`);
    before.sort();
  }

  fill();
  // What could not be written is told; the next start makes it again.
  await assert.rejects(session.close(), { code: 'ENOSPC' });
  session = await Session.open();
  assert.equal(await session.count('kept'), kept, 'started without room');
  assert.equal(await session.committed(), 202n);
  fill();
  kept += await session.produceUntilRefused('kept', -1);
  makeRoom();
  assert.equal(await session.produce('kept', 'room'), 0);
  kept++;
  kept += await giveRoomBack(session);
  await session.close();
  session = await Session.open();
  assert.equal(await session.count('kept'), kept);
  assert.deepEqual(await session.topics(), before);
  await session.close();
}

try {
  await run();
} catch (error) {
  for (const { level, message, fields } of logger.lines)
    process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
  throw error;
}
