import { apis, crc32c, encodeBatch } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { at, batchOf, hex, patched, records, runMs, told } from './batches.js';
import { answerOf, type Case, type Side } from './two-brokers.js';

interface Produced {
  readonly version?: number;
  readonly acks?: number;
  readonly partition?: number;
  readonly stamped?: boolean;
}

/** The answer to one produced batch. */
async function produce(
  side: Side,
  client: WireClient,
  topic: string,
  bytes: Uint8Array | null,
  { version = 9, acks = 1, partition = 0 }: Produced = {},
): Promise<unknown> {
  const answer = await answerOf(client, apis.produce, version, {
    transactionalId: null,
    acks,
    timeoutMs: 5_000,
    topicData: [
      {
        ...(version >= 13 ? { topicId: side.topicId(topic) } : { name: topic }),
        partitionData: [{ index: partition, records: bytes }],
      },
    ],
  });
  if (typeof answer === 'string') return answer;
  return answer.responses.map(({ name, topicId, partitionResponses }) => ({
    name: version >= 13 ? side.topicName(topicId) : name,
    partitionResponses: partitionResponses.map((partitionAnswer) => ({
      ...partitionAnswer,
      logAppendTimeMs: partitionAnswer.logAppendTimeMs > 0n ? 'now' : partitionAnswer.logAppendTimeMs,
      errorMessage: withoutTimes(partitionAnswer.errorMessage),
      recordErrors: partitionAnswer.recordErrors.map((error) => ({
        ...error,
        batchIndexErrorMessage: withoutTimes(error.batchIndexErrorMessage),
      })),
    })),
  }));
}

/** The bounds of allowed timestamps depend on the moment of the append. */
function withoutTimes(text: string | null): string | null {
  return text?.replaceAll(/\[-?\d+, -?\d+\]/g, '[from, to]') ?? null;
}

async function stored(client: WireClient, topic: string, fetchOffset: bigint): Promise<Uint8Array> {
  const answer = await client.call(apis.fetch, 11, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset,
            logStartOffset: -1n,
            partitionMaxBytes: 10_000_000,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  });
  return answer.responses[0]?.partitions[0]?.records ?? new Uint8Array(0);
}

async function logEnd(client: WireClient, topic: string): Promise<bigint> {
  const answer = await client.call(apis.listOffsets, 1, {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
  });
  return answer.topics[0]?.partitions[0]?.offset ?? -1n;
}

const send =
  (topic: string, bytes: Uint8Array | null, options: Produced = {}): Case =>
  (side, client) =>
    produce(side, client, topic, bytes, options);

/** Sends, then tells what is stored. */
const keep =
  (topic: string, batches: readonly Uint8Array[], options: Produced & { bytes?: boolean } = {}): Case =>
  async (side, client) => {
    const before = await logEnd(client, topic);
    const answers = [];
    for (const batch of batches) answers.push(await produce(side, client, topic, batch, options));
    const content = await stored(client, topic, before);
    return { answers, content: options.bytes === true ? hex(content) : told(content, options) };
  };

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const inAllCodecs = codecs.map((compression) => batchOf(5, { compression }));
const noKey = encodeBatch({ records: [{ timestamp: runMs, key: null, value: Buffer.from('v') }] });
const keyless = encodeBatch({
  records: ['a', null, 'b', null, null, null].map((key) => ({
    timestamp: runMs,
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from('v'),
  })),
});
const stampedBatch = batchOf(2, { logAppendTime: runMs });
/** Compressed records whose offset deltas are these, below a header that counts. */
const uncounted = (deltas: readonly number[]): Uint8Array =>
  encodeBatch({
    records: records(3).map((record, index) => ({ ...record, offsetDelta: deltas[index] ?? 0 })),
    compression: 'gzip',
    lastOffsetDelta: 2,
  });
const hour = 3_600_000n;

/** A record whose bytes are written by hand. */
function handmade(recordBytes: readonly number[], count = 1): Uint8Array {
  const batch = batchOf(1);
  const bytes = Buffer.concat([batch.subarray(0, at.records), Buffer.from(recordBytes)]);
  bytes.writeInt32BE(bytes.length - 12, at.length);
  bytes.writeInt32BE(count, at.count);
  bytes.writeInt32BE(count - 1, at.lastOffsetDelta);
  bytes.writeUInt32BE(crc32c(bytes.subarray(at.attributes)), at.crc);
  return bytes;
}

export const produceTopics = {
  plain: {},
  kept: {},
  v13: {},
  compact: { config: { 'cleanup.policy': 'compact' } },
  stamped: { config: { 'message.timestamp.type': 'LogAppendTime' } },
  small: { config: { 'max.message.bytes': '2000' } },
  bounded: { config: { 'message.timestamp.before.max.ms': '3600000' } },
  gzip: { config: { 'compression.type': 'gzip' } },
  lz4: { config: { 'compression.type': 'lz4' } },
  snappy: { config: { 'compression.type': 'snappy' } },
  zstd: { config: { 'compression.type': 'zstd' } },
  bare: { config: { 'compression.type': 'uncompressed' } },
  'stamped-gzip': { config: { 'compression.type': 'gzip', 'message.timestamp.type': 'LogAppendTime' } },
  'min-isr': { config: { 'min.insync.replicas': '2' } },
};

export const produceCases: Readonly<Record<string, Case>> = {
  'a batch': send('plain', batchOf(3)),
  'version 3': send('plain', batchOf(1), { version: 3 }),
  'version 13, by id': send('v13', batchOf(3), { version: 13 }),
  'version 13, an unknown id': send('nowhere', batchOf(3), { version: 13 }),
  'acks=all': send('plain', batchOf(3), { acks: -1 }),
  'acks=0, refused: the connection closes': (_side, client) => {
    client.send(apis.produce, 9, {
      transactionalId: null,
      acks: 0,
      timeoutMs: 1,
      topicData: [{ name: 'nowhere', partitionData: [{ index: 0, records: batchOf(1) }] }],
    });
    return answerOf(client, apis.apiVersions, 0, {});
  },
  'acks=2': send('plain', batchOf(1), { acks: 2 }),
  'acks=2, no such topic': send('nowhere', batchOf(1), { acks: 2 }),
  'no such topic': send('nowhere', batchOf(1)),
  'no such partition': send('plain', batchOf(1), { partition: 7 }),
  'acks=all, too few replicas': send('min-isr', batchOf(1), { acks: -1 }),
  'acks=1, too few replicas': send('min-isr', batchOf(1)),

  'no bytes': send('plain', new Uint8Array(0)),
  'ten bytes': send('plain', new Uint8Array(10)),
  zeros: send('plain', new Uint8Array(80)),
  'a batch cut off': send('plain', batchOf(1).subarray(0, 70)),
  'a length too small': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt32(at.length, 20), { keepCrc: true }),
  ),
  'a length of 3': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt32(at.length, 3), { keepCrc: true }),
  ),
  'two batches': send('plain', Buffer.concat([batchOf(1), batchOf(1)])),
  'a batch and the half of one': send('plain', Buffer.concat([batchOf(1), batchOf(1).subarray(0, 40)])),
  'a batch and five bytes': send('plain', Buffer.concat([batchOf(1), new Uint8Array(5)])),
  'magic 0': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt8(at.magic, 0)),
  ),
  'magic 1': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt8(at.magic, 1)),
  ),
  'magic 3': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt8(at.magic, 3)),
  ),
  'a wrong CRC': send(
    'plain',
    patched(batchOf(1), (v) => v.setUint32(at.crc, 1), { keepCrc: true }),
  ),
  'a base offset': send('plain', batchOf(1, { baseOffset: 5n })),
  'a base offset and a wrong CRC': send(
    'plain',
    patched(batchOf(1, { baseOffset: 5n }), (v) => v.setUint32(at.crc, 1), { keepCrc: true }),
  ),
  'a count of 0': send('plain', encodeBatch({ records: [] })),
  'a count too high': send(
    'plain',
    patched(batchOf(3), (v) => v.setInt32(at.count, 4)),
  ),
  'a count and a delta too high': send(
    'plain',
    patched(batchOf(3), (v) => {
      v.setInt32(at.count, 4);
      v.setInt32(at.lastOffsetDelta, 3);
    }),
  ),
  'a count and a delta too low': send(
    'plain',
    patched(batchOf(3), (v) => {
      v.setInt32(at.count, 2);
      v.setInt32(at.lastOffsetDelta, 1);
    }),
  ),
  'a negative count': send(
    'plain',
    patched(batchOf(3), (v) => v.setInt32(at.count, -1)),
  ),
  'a last offset delta of 9': send(
    'plain',
    patched(batchOf(3), (v) => v.setInt32(at.lastOffsetDelta, 9)),
  ),
  'a record that says it is longer': send('plain', handmade([0x7e, 0, 0, 0, 1, 1, 0])),
  'a record that says it is shorter': send('plain', handmade([0x08, 0, 0, 0, 1, 1, 0])),
  'a record of length -1': send('plain', handmade([0x01, 0, 0, 0, 1, 1, 0])),
  'a record with -1 headers': send('plain', handmade([0x0c, 0, 0, 0, 1, 1, 1])),
  'a record with a header without a key': send('plain', handmade([0x10, 0, 0, 0, 1, 1, 2, 1, 1])),
  'a key of length -2': send('plain', handmade([0x0c, 0, 0, 0, 3, 1, 0])),
  'offset deltas that do not count': keep('kept', [
    handmade([0x0c, 0, 0, 8, 1, 1, 0, 0x0c, 0, 0, 8, 1, 1, 0], 2),
  ]),
  ...Object.fromEntries(
    [
      [0, 0, 0],
      [1, 2, 3],
      [0, 2, 1],
      [0, 1, 3],
    ].flatMap((deltas) =>
      ['plain', 'zstd'].map((topic) => [
        `offset deltas ${deltas.join()} in gzip, ${topic}`,
        keep(topic, [uncounted(deltas)]),
      ]),
    ),
  ),
  'codec 5': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt16(at.attributes, 5)),
  ),
  'codec 7, version 3': send(
    'plain',
    patched(batchOf(1), (v) => v.setInt16(at.attributes, 7)),
    { version: 3 },
  ),
  'zstd in version 6': send('plain', batchOf(1, { compression: 'zstd' }), { version: 6 }),
  ...Object.fromEntries(
    codecs.slice(1).map((compression) => [
      `${compression} that does not unpack`,
      send(
        'plain',
        patched(batchOf(5, { compression }), (v) => {
          for (let i = at.records; i < v.byteLength; i++) v.setUint8(i, 0xa5);
        }),
      ),
    ]),
  ),
  'a control batch': send('plain', batchOf(1, { isControl: true, producerId: 1n, producerEpoch: 0 })),
  'a transactional batch': send(
    'plain',
    batchOf(1, { isTransactional: true, producerId: 9n, producerEpoch: 0, baseSequence: 0 }),
  ),
  'a producer id without a sequence': send('plain', batchOf(1, { producerId: 9n, producerEpoch: 0 })),
  'a producer id without an epoch': send('plain', batchOf(1, { producerId: 9n, baseSequence: 0 })),
  'a delete horizon': send('plain', batchOf(1, { deleteHorizonMs: runMs })),
  'unused attributes': keep('plain', [patched(batchOf(1), (v) => v.setInt16(at.attributes, 0x700))], {
    bytes: true,
  }),
  'a producer that goes on, repeats and leaps': async (side, client) => {
    const idempotent = (baseSequence: number, producerEpoch = 3): Uint8Array =>
      batchOf(2, { producerId: 4711n, producerEpoch, baseSequence });
    const answers = [];
    for (const batch of [
      idempotent(0),
      idempotent(2),
      idempotent(0),
      idempotent(2),
      idempotent(7),
      idempotent(3),
      idempotent(0, 2),
      idempotent(4, 4),
      idempotent(0, 4),
    ]) {
      answers.push(await produce(side, client, 'kept', batch));
    }
    return answers;
  },
  'a producer that begins in the middle': send(
    'kept',
    batchOf(1, { producerId: 4712n, producerEpoch: 0, baseSequence: 5 }),
  ),
  'a compacted topic and no key': send('compact', noKey),
  'a compacted topic and records without keys among others': send('compact', keyless),
  'a compacted topic and no keys, gzip': send(
    'compact',
    encodeBatch({ records: [{ timestamp: runMs, key: null, value: null }], compression: 'gzip' }),
  ),
  'a compacted topic and no keys, version 7': send('compact', keyless, { version: 7 }),
  'a batch above max.message.bytes': send('small', batchOf(30)),
  'a batch above max.message.bytes with a wrong CRC': send(
    'small',
    patched(batchOf(30), (v) => v.setUint32(at.crc, 1), { keepCrc: true }),
  ),
  'a compressed batch within max.message.bytes': send('small', batchOf(30, { compression: 'gzip' })),
  'a timestamp two hours ahead': send('plain', encodeBatch({ records: records(2, runMs + 2n * hour) })),
  'timestamps two hours old, bounded': send(
    'bounded',
    encodeBatch({ records: records(2, runMs - 2n * hour) }),
  ),
  'timestamp 0': keep('kept', [encodeBatch({ records: records(1, 0n) })]),
  'no timestamps': keep('kept', [encodeBatch({ records: [{ timestamp: -1n, key: null, value: null }] })]),
  'a negative timestamp': send(
    'kept',
    encodeBatch({ records: [{ timestamp: -5n, key: null, value: null }] }),
  ),
  'a batch that claims to be stamped': keep('kept', [stampedBatch]),
  'a highest timestamp that is none': keep(
    'kept',
    [patched(batchOf(3), (v) => v.setBigInt64(at.maxTimestamp, runMs + 5000n))],
    { bytes: true },
  ),
  'a highest timestamp that is none, gzip': keep(
    'kept',
    [patched(batchOf(3, { compression: 'gzip' }), (v) => v.setBigInt64(at.maxTimestamp, 5n))],
    { bytes: true },
  ),
  'log append time': keep('stamped', [batchOf(3), batchOf(2, { compression: 'lz4' })], { stamped: true }),
  'log append time, a batch that claims to be stamped': send('stamped', stampedBatch),
  'log append time, two hours ahead': send(
    'stamped',
    encodeBatch({ records: records(2, runMs + 2n * hour) }),
  ),
  'every codec is kept as sent': keep('v13', inAllCodecs, { bytes: true }),
  ...Object.fromEntries(
    ['gzip', 'lz4', 'snappy', 'zstd', 'bare'].map((topic) => [
      `every codec into ${topic}`,
      keep(topic, [
        ...inAllCodecs,
        batchOf(2, { producerId: 77n, producerEpoch: 1, baseSequence: 0 }),
        patched(batchOf(3), (v) => v.setBigInt64(at.maxTimestamp, 5n)),
      ]),
    ]),
  ),
  'log append time and gzip': keep('stamped-gzip', inAllCodecs, { stamped: true }),
};
