import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { KafkaError, encodeBatch } from '@oubliette/protocol';
import { ManualClock } from '@oubliette/runtime/testing';
import {
  ConnectionError,
  createDirectClient,
  createPartitionReader,
  type ConnectionErrorCode,
  type DirectClient,
} from '../../src/direct/index.js';
import { ScriptedBroker, oneNode, type Reaction, type SeenRequest } from './scripted-broker.js';

const clock = new ManualClock();
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A broker that leads `t` and answers what the script leaves; failed attempts are repeated at once. */
async function setUp(
  script: (request: SeenRequest) => Reaction | undefined,
  tuning: { attempts?: number; requestTimeoutMs?: number } = {},
): Promise<{ broker: ScriptedBroker; client: DirectClient }> {
  const broker = await ScriptedBroker.start((request, { port }) => {
    const reaction = script(request);
    if (reaction !== undefined) return reaction;
    if (request.name === 'metadata') return oneNode(port);
    if (request.name === 'initProducerId') return { errorCode: 0, producerId: 40n, producerEpoch: 2 };
    return 'silence';
  });
  cleanups.push(() => broker.close());
  const { attempts = 1, requestTimeoutMs = 1_000_000_000 } = tuning;
  const client = createDirectClient(
    { brokers: [broker.address], clientId: 'test', clock },
    { retry: { attempts, initialMs: 10, maxMs: 10 }, requestTimeoutMs, maxResponseBytes: 1_000_000 },
  );
  cleanups.push(() => client.close());
  return { broker, client };
}

/** Turns the event loop until `done`; the sockets are real, the time is not. */
async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !done(); turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(done());
}

/** Lets waiting retries pass. */
async function passing<T>(work: Promise<T>): Promise<T> {
  let settled = false;
  const watched = work.finally(() => (settled = true));
  watched.catch(() => undefined);
  await until(() => {
    clock.advance(10);
    return settled;
  });
  return watched;
}

const fails = (code: ConnectionErrorCode) => (error: unknown) =>
  error instanceof ConnectionError && error.code === code;
const refused = (code: string) => (error: unknown) => error instanceof KafkaError && error.codeName === code;

function fetched(
  records: Uint8Array | null,
  more: Readonly<Record<string, unknown>> = {},
  named: Readonly<Record<string, unknown>> = { topic: 't' },
): Reaction {
  const partition = {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 100n,
    logStartOffset: 3n,
    abortedTransactions: null,
  };
  return { throttleTimeMs: 0, responses: [{ ...named, partitions: [{ ...partition, records, ...more }] }] };
}

function produced(errorCode = 0): Reaction {
  const partitionResponses = [{ index: 0, errorCode, baseOffset: 9n }];
  return { responses: [{ name: 't', partitionResponses }] };
}

function sequences(broker: ScriptedBroker): { producerId: bigint; sequence: number }[] {
  return broker.seen.flatMap(({ name, body }) => {
    if (name !== 'produce') return [];
    const [topic] = body['topicData'] as { partitionData: { records: Uint8Array }[] }[];
    const batch = Buffer.from(topic?.partitionData[0]?.records ?? []);
    return [{ producerId: batch.readBigInt64BE(43), sequence: batch.readInt32BE(53) }];
  });
}

const value = (byte: number): Uint8Array => Uint8Array.of(byte);
const record = { key: null, value: value(1) };

describe('fetch', () => {
  test('begins at the offset asked for and goes on behind the last batch', async () => {
    const batch = encodeBatch({
      baseOffset: 4n,
      lastOffsetDelta: 5,
      records: [0, 1, 2].map((byte) => ({ timestamp: 1n, key: null, value: value(byte) })),
    });
    const control = encodeBatch({
      baseOffset: 10n,
      isControl: true,
      records: [{ timestamp: 1n, key: value(0), value: null }],
    });
    const { broker, client } = await setUp(({ name }) =>
      name === 'fetch' ? fetched(Buffer.concat([batch, control, batch.subarray(0, 40)])) : undefined,
    );
    const answer = await client.fetch('t', 0, 5n);
    assert.deepEqual(
      answer.records.map(({ offset }) => offset),
      [5n, 6n],
    );
    assert.equal(answer.nextOffset, 11n);
    assert.equal(answer.highWatermark, 100n);
    assert.equal(answer.logStart, 3n);
    assert.equal(broker.seen.find(({ name }) => name === 'fetch')?.version, 12);
    assert.equal(broker.seen.find(({ name }) => name === 'metadata')?.body['allowAutoTopicCreation'], false);
  });

  test('by its id where it is known, by its name where the broker knows no ids', async () => {
    const topicId = 'AAECAwQFBgcICQoLDA0ODw';
    const asked = { topic: 't', topicId, partition: 0, offset: 7n };
    const { broker, client } = await setUp(({ name }) =>
      name === 'fetch' ? fetched(null, { highWatermark: 9n }, { topicId }) : undefined,
    );
    const [answer] = await client.fetchBatches([asked]);
    assert.equal(answer?.highWatermark, 9n);
    const [seen] = broker.seen.filter(({ name }) => name === 'fetch');
    assert.equal(seen?.version, 13);
    assert.equal((seen.body['topics'] as { topicId: string }[])[0]?.topicId, topicId);
    const old = await setUp(({ name }) => (name === 'fetch' ? fetched(null) : undefined));
    old.broker.maxVersion = 12;
    assert.equal((await old.client.fetchBatches([asked]))[0]?.highWatermark, 100n);
    assert.equal(old.broker.seen.find(({ name }) => name === 'fetch')?.version, 12);
  });

  test('records damaged on their way are refused', async () => {
    const batch = encodeBatch({ records: [{ timestamp: 1n, key: null, value: value(1) }] });
    batch[batch.length - 2] = 99;
    const { client } = await setUp(({ name }) => (name === 'fetch' ? fetched(batch) : undefined));
    await assert.rejects(client.fetch('t', 0, 0n), refused('CORRUPT_MESSAGE'));
  });

  test('another leader is asked for after NOT_LEADER_OR_FOLLOWER', async () => {
    let answers = 0;
    const { broker, client } = await setUp(
      ({ name }) => (name === 'fetch' ? fetched(null, { errorCode: answers++ === 0 ? 6 : 0 }) : undefined),
      { attempts: 3 },
    );
    assert.equal((await passing(client.fetch('t', 0, 7n))).nextOffset, 7n);
    assert.equal(broker.count('metadata'), 2);
  });

  test('many that are repeated at once are no leak to warn of', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    const { client } = await setUp(
      ({ name }) => (name === 'fetch' ? fetched(null, { errorCode: 6 }) : undefined),
      { attempts: 2 },
    );
    const calls = Array.from({ length: 20 }, () => client.fetch('t', 0, 0n));
    await passing(Promise.allSettled(calls));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
  });

  test('retries end with the last error', async () => {
    const { broker, client } = await setUp(
      ({ name }) => (name === 'fetch' ? fetched(null, { errorCode: 6 }) : undefined),
      {
        attempts: 3,
      },
    );
    await assert.rejects(passing(client.fetch('t', 0, 0n)), refused('NOT_LEADER_OR_FOLLOWER'));
    assert.equal(broker.count('fetch'), 3);
  });

  test('an error for good is not repeated', async () => {
    const { broker, client } = await setUp(
      ({ name }) => (name === 'fetch' ? fetched(null, { errorCode: 1 }) : undefined),
      {
        attempts: 3,
      },
    );
    await assert.rejects(client.fetch('t', 0, 0n), refused('OFFSET_OUT_OF_RANGE'));
    assert.equal(broker.count('fetch'), 1);
  });
});

describe('the partition reader', () => {
  let logStart = 3n;
  const offsets = ({ body }: SeenRequest): Reaction => {
    const [topic] = body['topics'] as { partitions: { timestamp: bigint }[] }[];
    const offset = topic?.partitions[0]?.timestamp === -2n ? logStart : 8n;
    return { topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 0, offset }] }] };
  };
  const asked = ({ body }: SeenRequest): bigint =>
    (body['topics'] as { partitions: { fetchOffset: bigint }[] }[])[0]?.partitions[0]?.fetchOffset ?? -1n;

  async function scan(script: (request: SeenRequest) => Reaction, from?: bigint): Promise<bigint[]> {
    logStart = 3n;
    const { client } = await setUp((request) =>
      request.name === 'listOffsets'
        ? offsets(request)
        : request.name === 'fetch'
          ? script(request)
          : undefined,
    );
    const reader = createPartitionReader(client);
    const seen: bigint[] = [];
    for await (const { offset } of reader.scan('t', 0, from)) seen.push(offset);
    return seen;
  }
  const at = (offset: bigint): Uint8Array =>
    encodeBatch({ baseOffset: offset, records: [{ timestamp: 1n, key: null, value: null }] });

  test('reads from log start to the watermark of the call, whatever is behind', async () => {
    assert.deepEqual(await scan((request) => fetched(at(asked(request)))), [3n, 4n, 5n, 6n, 7n]);
    assert.deepEqual(await scan((request) => fetched(at(asked(request))), 6n), [6n, 7n]);
  });

  test('leaves out what stands behind the watermark in the same batch', async () => {
    const records = [0, 1, 2, 3].map(() => ({ timestamp: 1n, key: null, value: null }));
    assert.deepEqual(await scan(() => fetched(encodeBatch({ baseOffset: 6n, records })), 6n), [6n, 7n]);
  });

  test('goes on at the log start when retention overtook it, and only then', async () => {
    const outOfRange = fetched(null, { errorCode: 1 });
    const overtaken = (request: SeenRequest): Reaction => {
      logStart = 6n;
      return asked(request) < 6n ? outOfRange : fetched(at(asked(request)));
    };
    assert.deepEqual(await scan(overtaken), [6n, 7n]);
    await assert.rejects(
      scan(() => outOfRange),
      refused('OFFSET_OUT_OF_RANGE'),
    );
  });

  test('does not begin again when a broker contradicts itself', async () => {
    const script = (request: SeenRequest): Reaction =>
      asked(request) === 7n ? fetched(null, { errorCode: 1 }) : fetched(at(asked(request)));
    await assert.rejects(scan(script), refused('OFFSET_OUT_OF_RANGE'));
  });

  test('ends where cleaning took the rest away', async () => {
    assert.deepEqual(await scan((request) => fetched(asked(request) < 5n ? at(asked(request)) : null)), [
      3n,
      4n,
    ]);
  });

  test('an empty answer under a quota is not the end', async () => {
    let empty = 2;
    const script = (request: SeenRequest): Reaction =>
      empty-- > 0 ? { ...(fetched(null) as object), throttleTimeMs: 5 } : fetched(at(asked(request)));
    assert.equal((await scan(script)).length, 5);
  });
});

describe('produceBatch', () => {
  test('counts sequence numbers by records', async () => {
    const { broker, client } = await setUp(({ name }) => (name === 'produce' ? produced() : undefined));
    assert.deepEqual(await client.produceBatch('t', 0, [record, record]), {
      baseOffset: 9n,
      lastOffset: 10n,
    });
    await Promise.all([client.produceBatch('t', 0, [record]), client.produceBatch('t', 0, [record])]);
    assert.deepEqual(
      sequences(broker),
      [0, 2, 3].map((sequence) => ({ producerId: 40n, sequence })),
    );
  });

  test('a batch whose answer was lost is sent again under its number', async () => {
    let lost = 1;
    const { broker, client } = await setUp(
      ({ name }) => (name === 'produce' ? (lost-- > 0 ? 'hang up' : produced()) : undefined),
      { attempts: 3 },
    );
    await passing(client.produceBatch('t', 0, [record]));
    assert.deepEqual(
      sequences(broker),
      [0, 0].map((sequence) => ({ producerId: 40n, sequence })),
    );
  });

  test('a producer that the broker forgot takes a new id, once nothing is in doubt', async () => {
    let id = 40n;
    let refusals = 1;
    const { broker, client } = await setUp(
      ({ name }) => {
        if (name === 'initProducerId') return { errorCode: 0, producerId: id++, producerEpoch: 0 };
        return name === 'produce' ? produced(refusals-- > 0 ? 59 : 0) : undefined;
      },
      { attempts: 3 },
    );
    await passing(client.produceBatch('t', 0, [record]));
    assert.deepEqual(
      sequences(broker).map(({ producerId }) => producerId),
      [40n, 41n],
    );
  });

  test('a new id is not taken while the batch may stand already', async () => {
    let turn = 0;
    const { broker, client } = await setUp(
      ({ name }) => (name === 'produce' ? (turn++ === 0 ? 'hang up' : produced(45)) : undefined),
      { attempts: 5 },
    );
    await assert.rejects(
      passing(client.produceBatch('t', 0, [record])),
      refused('OUT_OF_ORDER_SEQUENCE_NUMBER'),
    );
    assert.equal(broker.count('produce'), 2);
  });

  test('after a batch that failed in doubt the next one has a new id', async () => {
    let id = 40n;
    let lost = 1;
    const { broker, client } = await setUp(({ name }) => {
      if (name === 'initProducerId') return { errorCode: 0, producerId: id++, producerEpoch: 0 };
      return name === 'produce' ? (lost-- > 0 ? 'hang up' : produced()) : undefined;
    });
    await assert.rejects(client.produceBatch('t', 0, [record]), fails('CONNECTION_LOST'));
    await client.produceBatch('t', 0, [record]);
    assert.deepEqual(
      sequences(broker),
      [40n, 41n].map((producerId) => ({ producerId, sequence: 0 })),
    );
  });

  test('nothing to write is refused', async () => {
    const { client } = await setUp(() => undefined);
    await assert.rejects(client.produceBatch('t', 0, []), refused('INVALID_RECORD'));
  });
});

describe('connections', () => {
  test('requests go side by side over one connection, polls over another', async () => {
    const { broker, client } = await setUp(({ name }) =>
      name === 'listOffsets'
        ? { topics: [{ name: 't', partitions: [{ partitionIndex: 0, errorCode: 0, offset: 1n }] }] }
        : name === 'fetch'
          ? fetched(null)
          : undefined,
    );
    await Promise.all(Array.from({ length: 20 }, () => client.listOffsets('t', 0, 'latest')));
    assert.equal(broker.connections, 1);
    await client.fetch('t', 0, 0n);
    assert.equal(broker.connections, 2);
  });

  test('silence is a timeout', async () => {
    const { broker, client } = await setUp(({ name }) => (name === 'listOffsets' ? 'silence' : undefined), {
      requestTimeoutMs: 1_000,
    });
    const listed = assert.rejects(client.listOffsets('t', 0, 'latest'), fails('REQUEST_TIMED_OUT'));
    await until(() => broker.count('listOffsets') === 1);
    clock.advance(1_000);
    await listed;
  });

  test('what is unanswered is bounded, and who leads is asked once', async () => {
    const { broker, client } = await setUp(({ name }) => (name === 'listOffsets' ? 'silence' : undefined));
    const listed = Promise.allSettled(
      Array.from({ length: 1_001 }, () => client.listOffsets('t', 0, 'latest')),
    );
    await until(() => broker.count('listOffsets') === 1_000);
    await client.close();
    const codes = (await listed).map((outcome) =>
      outcome.status === 'rejected' ? outcome.reason.code : 'answered',
    );
    assert.deepEqual(new Set(codes.slice(0, 1_000)), new Set(['CLIENT_CLOSED']));
    assert.equal(codes[1_000], 'TOO_MANY_REQUESTS');
    assert.equal(broker.count('metadata'), 1);
  });

  test('a connection that broke is made again', async () => {
    let turn = 0;
    const { broker, client } = await setUp(
      ({ name }) => (name === 'metadata' ? (turn++ === 0 ? 'hang up' : oneNode(broker.port)) : undefined),
      { attempts: 2 },
    );
    assert.equal((await passing(client.metadata(['t']))).topics.length, 1);
  });

  test('bytes that are no answer end the connection', async () => {
    const unknownCorrelation = Uint8Array.of(0, 0, 0, 4, 0, 9, 9, 9);
    const tooLong = Uint8Array.of(0x7f, 0, 0, 0);
    const truncated = Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 1, 0);
    for (const bytes of [unknownCorrelation, tooLong, truncated]) {
      const { client } = await setUp(({ name }) => (name === 'metadata' ? bytes : undefined));
      await assert.rejects(client.metadata(null), fails('RESPONSE_MALFORMED'));
    }
  });

  test('no broker there', async () => {
    const { broker, client } = await setUp(() => undefined);
    await broker.close();
    cleanups.splice(0, 1);
    await assert.rejects(client.metadata(null), fails('NO_BROKER_REACHABLE'));
  });

  test('addresses and settings that cannot work are refused at once', () => {
    const create = (brokers: string[], sasl?: object) => () =>
      createDirectClient({ brokers, clientId: 'test', clock, ...(sasl as object) });
    for (const address of ['', 'localhost', 'localhost:0', 'localhost:70000', ':9092', 'a:b:1']) {
      assert.throws(create([address]), fails('INVALID_BROKER_ADDRESS'), address);
    }
    assert.throws(create([]), fails('INVALID_BROKER_ADDRESS'));
    const sasl = { mechanism: 'plain', username: 'u', password: 'p' };
    assert.throws(create(['localhost:9092'], { sasl }), fails('SASL_UNSUPPORTED'));
    assert.doesNotThrow(create(['[::1]:9092', 'localhost:1']));
  });
});
