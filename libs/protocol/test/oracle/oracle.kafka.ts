import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  apis,
  ByteReader,
  ByteWriter,
  Compression,
  crc32c,
  encodeBatch,
  iterateBatches,
  iterateRecords,
  type BatchSpec,
  type CompressionName,
  type Encodable,
  type Fields,
  type Message,
} from '../../src/index.js';
import { defaultTest } from '../../src/schema/defaults.js';
import { PLAIN, batchQuestion } from './batches.js';
import { PROTOCOL_ORACLE, loadKafkaSchemas } from './kafka-schema.js';
import { askJava, oraclePaths } from './oracle-process.js';
import { fillMessage, seeded, toKafkaJson, type JsonObject } from './random-message.js';
import { restrict, toValue } from './to-value.js';

const paths = oraclePaths(process.env);
const skip = paths === null ? 'OUBLIETTE_ORACLE and OUBLIETTE_KAFKA_LIBS are not set' : false;
const SEED = Number(process.env['OUBLIETTE_SEED'] ?? 20_261_122);
const ROUNDS = 3;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

interface Case {
  readonly message: Message<Fields>;
  readonly side: 'req' | 'res';
  readonly key: number;
  readonly version: number;
  readonly json: JsonObject;
  readonly kafkaJson: string;
}

function encode({ message, version }: Case, value: Record<string, unknown>): string {
  const writer = new ByteWriter();
  message.encode(version, writer, value as Encodable<Fields>);
  return hexOf(writer.finish());
}

async function cases(libs: NonNullable<typeof paths>): Promise<Case[]> {
  const names = Object.values(apis).flatMap(({ request, response }) => [request.name, response.name]);
  const schemas = await loadKafkaSchemas(libs, names);
  const random = seeded(SEED);
  const records = encodeBatch({ records: [{ timestamp: 1n, key: null, value: Uint8Array.of(1, 2, 3) }] });
  return Object.values(apis).flatMap((api) =>
    (['request', 'response'] as const).flatMap((kind) => {
      const message = api[kind] as unknown as Message<Fields>;
      const schema = schemas.get(message.name);
      assert.ok(schema, message.name);
      const versions = Array.from(
        { length: message.maxVersion - message.minVersion + 1 },
        (_, index) => message.minVersion + index,
      );
      return versions.flatMap((version) =>
        Array.from({ length: ROUNDS }, (): Case => {
          const options = { elements: Math.floor(random() * 4), nulls: 0.3, records };
          const json = fillMessage(schema, version, random, options);
          const side = kind === 'request' ? 'req' : 'res';
          return { message, side, key: api.key, version, json, kafkaJson: toKafkaJson(schema, json) };
        }),
      );
    }),
  );
}

describe(`against Kafka's own classes, seed ${SEED}`, { skip, timeout: 600_000 }, () => {
  test('random messages: our bytes are its bytes, and it reads ours', async () => {
    assert.ok(paths);
    const all = await cases(paths);
    const encoded = all.map((one) => encode(one, toValue(one.message.fields, one.json)));
    const theirs = await askJava(
      paths.oracle,
      paths.kafkaLibs,
      ['batch'],
      all.map(({ side, key, version, kafkaJson }) => `enc ${side} ${key} ${version} ${kafkaJson}`),
    );
    const read = await askJava(
      paths.oracle,
      paths.kafkaLibs,
      ['batch'],
      all.map(({ side, key, version }, index) => `dec ${side} ${key} ${version} ${encoded[index]}`),
    );
    for (const [index, one] of all.entries()) {
      const where = `${one.message.name} ${one.version}`;
      assert.equal(encoded[index], theirs[index], where);
      // An empty body is an empty argument, which the oracle cannot take.
      if (encoded[index] !== '') assert.ok(read[index]?.startsWith('{'), `${where}: ${read[index]}`);
      const decoded = one.message.decode(
        one.version,
        new ByteReader(Buffer.from(theirs[index] ?? '', 'hex')),
      );
      assert.deepEqual(restrict(decoded, one.json), toValue(one.message.fields, one.json), where);
      for (const [name, spec] of Object.entries(one.message.fields)) {
        if (!(name in one.json)) assert.ok(defaultTest(spec)(decoded[name as never]), `${where}: ${name}`);
      }
    }
  });

  test('random batches: it reads ours, records and all', async () => {
    assert.ok(paths);
    const random = seeded(SEED);
    const specs = Array.from({ length: 200 }, () => randomBatch(random));
    const batches = specs.map(encodeBatch);
    const answers = await askJava(
      PROTOCOL_ORACLE,
      paths.kafkaLibs,
      [],
      batches.map((batch) => `read ${hexOf(batch)}`),
    );
    for (const [index, answer] of answers.entries()) {
      assert.ok(!answer.startsWith('ERR'), answer);
      assert.deepEqual(JSON.parse(answer), [described(batches[index] ?? new Uint8Array())]);
    }
  });

  test('packed batches of many blocks: it reads ours', async () => {
    assert.ok(paths);
    const specs = PACKED.map(({ compression, level }): BatchSpec => {
      return { ...(level === undefined ? {} : { compressionLevel: level }), compression, records: LARGE };
    });
    const batches = specs.map(encodeBatch);
    const questions = batches.map((batch) => `read ${hexOf(batch)}`);
    const answers = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], questions);
    for (const [index, answer] of answers.entries()) {
      assert.ok(!answer.startsWith('ERR'), `${JSON.stringify(PACKED[index])}: ${answer.slice(0, 200)}`);
      assert.deepEqual(JSON.parse(answer), [described(batches[index] ?? new Uint8Array())]);
    }
  });

  test('packed batches of many blocks: we read its', async () => {
    assert.ok(paths);
    const records = LARGE.map(({ value }, offsetDelta) => {
      return { offsetDelta, timestamp: 1, key: null, value: hexOf(value ?? new Uint8Array()), headers: [] };
    });
    const questions = PACKED.map(({ compression, level }) =>
      batchQuestion({ ...PLAIN, compression, ...(level === undefined ? {} : { level }), records }),
    );
    const answers = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], questions);
    for (const [index, answer] of answers.entries()) {
      const where = JSON.stringify(PACKED[index]);
      assert.match(answer, /^[0-9a-f]+$/, where);
      const [batch] = [...iterateBatches(Buffer.from(answer, 'hex'))];
      assert.ok(batch);
      const values = [...iterateRecords(batch)].map(({ value }) => hexOf(value ?? new Uint8Array()));
      assert.deepEqual(
        values,
        records.map(({ value }) => value),
        where,
      );
    }
  });

  test('a batch whose checksum is wrong is refused by it too', async () => {
    assert.ok(paths);
    const batch = encodeBatch({ records: [{ timestamp: 1n, key: null, value: Uint8Array.of(1) }] });
    assert.equal(crc32c(batch.subarray(21)), Buffer.from(batch).readUInt32BE(17));
    batch[30] = (batch[30] ?? 0) ^ 1;
    const [answer] = await askJava(PROTOCOL_ORACLE, paths.kafkaLibs, [], [`read ${hexOf(batch)}`]);
    assert.match(answer ?? '', /^ERR .*CorruptRecordException/);
  });
});

const CODECS = Object.keys(Compression) as CompressionName[];

const PACKED: readonly { readonly compression: CompressionName; readonly level?: number }[] = [
  { compression: 'gzip' },
  { compression: 'gzip', level: 1 },
  { compression: 'gzip', level: 9 },
  { compression: 'snappy' },
  { compression: 'lz4' },
  { compression: 'lz4', level: 17 },
  { compression: 'zstd' },
  { compression: 'zstd', level: -1000 },
  { compression: 'zstd', level: 19 },
];

/** 600 KiB, by turns what packs well and what does not. */
const LARGE = Array.from({ length: 40 }, (_, index) => {
  const random = seeded(index);
  const value = Buffer.from(
    Array.from({ length: 15_000 }, (_unused, at) =>
      index % 4 === 0 ? Math.floor(random() * 256) : (at * index) % 61,
    ),
  );
  return { timestamp: 1n, key: null, value };
});

function randomBatch(random: () => number): BatchSpec {
  const upTo = (bound: number): number => Math.floor(random() * bound);
  const bytes = (): Uint8Array | null =>
    random() < 0.2 ? null : Uint8Array.from({ length: upTo(200) }, () => upTo(256));
  let offsetDelta = -1;
  const records = Array.from({ length: 1 + upTo(5) }, () => {
    offsetDelta += 1 + upTo(3);
    const headers = Array.from({ length: upTo(3) }, (_, index) => ({ key: `k${index}é`, value: bytes() }));
    return {
      offsetDelta,
      timestamp: BigInt(1_700_000_000_000 + upTo(1e9)),
      key: bytes(),
      value: bytes(),
      headers,
    };
  });
  const idempotent = random() < 0.5;
  return {
    records,
    baseOffset: BigInt(upTo(2 ** 50)),
    leaderEpoch: upTo(100) - 1,
    compression: CODECS[upTo(CODECS.length)] ?? 'none',
    lastOffsetDelta: offsetDelta + upTo(4),
    ...(idempotent
      ? { producerId: BigInt(upTo(2 ** 40)), producerEpoch: upTo(100), baseSequence: upTo(2 ** 31) }
      : {}),
    isTransactional: idempotent && random() < 0.5,
    ...(random() < 0.2 ? { logAppendTime: 1_800_000_000_000n } : {}),
    ...(random() < 0.2 ? { deleteHorizonMs: 1_700_000_000_500n } : {}),
  };
}

function described(bytes: Uint8Array): unknown {
  const [batch] = [...iterateBatches(bytes)];
  assert.ok(batch);
  const text = (value: Uint8Array | null): string | null => (value === null ? null : hexOf(value));
  return {
    compression: CODECS[batch.compression],
    baseOffset: `${batch.baseOffset}`,
    lastOffset: `${batch.lastOffset}`,
    maxTimestamp: `${batch.maxTimestamp}`,
    producerId: `${batch.producerId}`,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    leaderEpoch: batch.leaderEpoch,
    isLogAppendTime: batch.isLogAppendTime,
    deleteHorizonMs: batch.deleteHorizonMs === null ? null : `${batch.deleteHorizonMs}`,
    sizeBytes: batch.sizeBytes,
    records: [...iterateRecords(batch)].map(({ offset, timestamp, key, value, headers }) => ({
      offset: `${offset}`,
      timestamp: `${timestamp}`,
      key: text(key),
      value: text(value),
      headers: headers.map((header) => ({ key: header.key, value: text(header.value) })),
    })),
  };
}
