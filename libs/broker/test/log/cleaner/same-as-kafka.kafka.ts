import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  BatchView,
  Compression,
  encodeBatch,
  iterateBatches,
  iterateRecords,
  type CompressionName,
} from '@oubliette/protocol';
import type { LogConfig, PartitionLog } from '../../../src/log/partition-log.js';
import { KafkaLog, kafkaLibs } from '../../support/kafka-log/kafka-log.js';
import { randomHistory, type HistoryShape, type Step } from '../../support/random-history.js';
import { bytes, directory, files, newLog, open, reopen, startMs, type World } from '../fixture.js';

// The same life is led by our log and by one of Apache Kafka's own storage classes, both on a clock of ours: after every step both
// directories hold the same bytes. Compressed batches are compared unpacked: no two zlibs write the same.
const tickMs = 500;
const nothing = new Uint8Array(0);
const seeds = process.env.OUBLIETTE_FULL === '1' ? 10 : 2;

interface Run {
  readonly config: Partial<LogConfig>;
  readonly shape: Partial<HistoryShape>;
  readonly codecs: readonly CompressionName[];
  readonly dedupeBufferSize?: number;
}

const compact = new Set(['compact'] as const);
const both = new Set(['compact', 'delete'] as const);
const onlyDelete = new Set(['delete'] as const);
const anyCodec: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const soon = { deleteRetentionMs: 4_000, fileDeleteDelayMs: 1_500, indexIntervalBytes: 200 };

const runs: Readonly<Record<string, Run>> = {
  'compact, small segments': {
    config: { ...soon, cleanupPolicy: compact, segmentBytes: 900, minCleanableDirtyRatio: 0 },
    shape: {},
    codecs: ['none'],
  },
  'compact, half dirty, a few keys fit into memory': {
    config: { ...soon, cleanupPolicy: compact, segmentBytes: 1_400, minCleanableDirtyRatio: 0.5 },
    shape: {},
    codecs: ['none'],
    dedupeBufferSize: 24 * 9,
  },
  'compact by max.compaction.lag.ms, every codec': {
    config: {
      ...soon,
      cleanupPolicy: compact,
      segmentMs: 2_500,
      maxCompactionLagMs: 4_000,
      minCleanableDirtyRatio: 1,
    },
    shape: {},
    codecs: anyCodec,
  },
  'compact after min.compaction.lag.ms, stamped by the log': {
    config: {
      ...soon,
      cleanupPolicy: compact,
      segmentMs: 1_500,
      minCompactionLagMs: 3_000,
      minCleanableDirtyRatio: 0.1,
      messageTimestampType: 'LogAppendTime',
    },
    shape: {},
    codecs: anyCodec,
  },
  'compact and delete': {
    config: {
      ...soon,
      cleanupPolicy: both,
      segmentBytes: 700,
      retentionMs: 9_000,
      retentionBytes: 6_000,
      minCleanableDirtyRatio: 0.2,
    },
    shape: {},
    codecs: ['none'],
  },
  'delete by time': {
    config: { ...soon, cleanupPolicy: onlyDelete, segmentMs: 2_000, retentionMs: 6_000 },
    shape: { withNullKeys: true, withTransactions: false, withDeletedRecords: true },
    codecs: anyCodec,
  },
  'delete by size and time': {
    config: {
      ...soon,
      cleanupPolicy: onlyDelete,
      segmentBytes: 800,
      retentionBytes: 3_000,
      retentionMs: 60_000,
    },
    shape: { withNullKeys: true, withTransactions: false, withDeletedRecords: true },
    codecs: ['none'],
  },
};

let kafka: KafkaLog;
before(() => {
  if (kafkaLibs !== undefined) kafka = new KafkaLog(kafkaLibs);
});
after(() => kafka?.close());

for (const [name, run] of Object.entries(runs)) {
  test(
    `${name}: the same bytes as in Kafka after every step`,
    { skip: kafkaLibs === undefined },
    async () => {
      let removed = 0;
      for (let seed = 1; seed <= seeds; seed++) removed += await compare(run, seed);
      assert.ok(removed > seeds * 10, `the runs prove little: ${removed} records were removed`);
    },
  );
}

async function compare(run: Run, seed: number): Promise<number> {
  const history = randomHistory(seed, {
    steps: 120,
    keys: 8,
    tickMs,
    withNullKeys: false,
    withTransactions: true,
    withDeletedRecords: false,
    withRestarts: true,
    ...run.shape,
  });
  const timing = { cleanerBackoffMs: tickMs, retentionCheckIntervalMs: tickMs, initialTaskDelayMs: tickMs };
  const { dedupeBufferSize = 1_000_000 } = run;
  const more = { ...timing, cleaner: () => ({ dedupeBufferSize }) };
  let world = await open(run.config, more);
  // The cleaner looks at once, then at every tick.
  await world.clock.advanceAsync(0);
  let log = newLog(world);
  await kafka.open(startMs, kafkaSettings(world.config, run));
  let count = 0;
  let restarted = false;
  for (const [index, step] of history.entries()) {
    const at = `seed ${seed}, step ${index} (${step.kind})`;
    if (step.kind === 'restart') {
      await world.logs.close();
      const leaderEpoch = log.leaderEpoch + 2;
      world = await reopen(world, world.disk, { ...more, leaderEpochOf: () => leaderEpoch });
      const again = world.logs.get('events', 0);
      assert.ok(again);
      log = again;
      await kafka.ask('restart');
      await world.clock.advanceAsync(0);
      await kafka.ask('clean');
    } else await take(step, world, log, run);
    restarted ||= step.kind === 'restart';
    // A rolled segment's indexes are written beside what follows.
    await world.clock.advanceAsync(0);
    await compareState(log, at);
    if (step.kind !== 'append') compareFiles(world, !restarted && run.codecs.length === 1, at);
    if (step.kind === 'append') count += step.records.length;
  }
  const left = [...recordsIn(world)].length;
  await world.logs.close();
  return count - left;
}

async function take(step: Exclude<Step, { kind: 'restart' }>, world: World, log: PartitionLog, run: Run) {
  if (step.kind === 'append') {
    const sent = encode(step, world.clock.now(), run);
    await kafka.ask(`append ${Buffer.from(sent).toString('hex')}`);
    await log.append(sent, { durable: false });
  } else if (step.kind === 'marker') {
    await kafka.ask(`marker ${step.id} ${step.epoch} 0 ${step.result}`);
    const { id, epoch, result } = step;
    const end = { producerId: BigInt(id), producerEpoch: epoch, coordinatorEpoch: 0, result };
    await (
      await log.appendMarker(end)
    ).durable;
  } else if (step.kind === 'deleteRecords') {
    const length = log.highWatermark - log.logStartOffset;
    const offset = log.logStartOffset + (length * BigInt(Math.round(step.share * 100))) / 100n;
    await kafka.ask(`deleteBefore ${offset}`);
    log.deleteRecordsBefore(offset);
  } else {
    for (let waited = 0; waited < step.ms; waited += tickMs) {
      await world.clock.advanceAsync(tickMs);
      await kafka.ask(`time ${tickMs}`);
      await kafka.ask('clean');
      await kafka.ask('retain');
    }
  }
}

function encode(step: Extract<Step, { kind: 'append' }>, nowMs: number, run: Run): Uint8Array {
  const { producer } = step;
  return encodeBatch({
    records: step.records.map(({ key, value, ahead }) => ({
      timestamp: BigInt(nowMs + ahead),
      key: bytes(key),
      value: bytes(value),
    })),
    compression: run.codecs[step.codec % run.codecs.length] ?? 'none',
    isTransactional: step.isTransactional,
    ...(producer === null
      ? {}
      : { producerId: BigInt(producer.id), producerEpoch: producer.epoch, baseSequence: producer.sequence }),
  });
}

function kafkaSettings(config: LogConfig, run: Run): Record<string, string | number> {
  return {
    'cleanup.policy': [...config.cleanupPolicy].join('+'),
    'internal.segment.bytes': config.segmentBytes,
    'segment.ms': config.segmentMs,
    'index.interval.bytes': config.indexIntervalBytes,
    'retention.ms': config.retentionMs,
    'retention.bytes': config.retentionBytes,
    'delete.retention.ms': config.deleteRetentionMs,
    'file.delete.delay.ms': config.fileDeleteDelayMs,
    'min.compaction.lag.ms': config.minCompactionLagMs,
    ...(config.maxCompactionLagMs === Number.MAX_SAFE_INTEGER
      ? {}
      : { 'max.compaction.lag.ms': config.maxCompactionLagMs }),
    'min.cleanable.dirty.ratio': config.minCleanableDirtyRatio,
    'message.timestamp.type': config.messageTimestampType,
    dedupe: run.dedupeBufferSize ?? 1_000_000,
  };
}

async function compareState(log: PartitionLog, at: string): Promise<void> {
  const [start, end, stable] = (await kafka.ask('state')).map(BigInt);
  assert.ok(start !== undefined && end !== undefined && stable !== undefined);
  const ours = [log.logStartOffset, log.logEndOffset, log.lastStableOffset];
  // Behind a log start that lies within a batch Kafka 4.1.1 takes that batch's first offset for the last stable one.
  const theirs = [start, end, stable > start ? stable : start];
  assert.deepEqual(ours, theirs, `${at}: log start, log end, last stable offset`);
}

/**
 * Log files and those that wait to be unlinked byte by byte; indexes of sealed segments too (Kafka maps the
 * active one's ahead), where nothing is packed and until
 * a restart: after it Kafka counts the bytes up to the next index entry anew.
 */
function compareFiles(world: World, withIndexes: boolean, at: string): void {
  const theirs = kafka.files();
  const names = [...theirs.keys()].filter((name) => /\.log(\.deleted)?$/.test(name)).sort();
  assert.deepEqual(
    files(world).filter((name) => /\.log/.test(name)),
    names,
    `${at}: segments`,
  );
  const active = names.filter((name) => name.endsWith('.log')).at(-1);
  for (const name of names) {
    compareBatches(ourFile(world, name) ?? nothing, theirs.get(name) ?? nothing, `${at}: ${name}`);
    if (!withIndexes || name === active || name.endsWith('.deleted')) continue;
    for (const kind of ['index', 'timeindex', 'txnindex']) {
      const file = name.replace(/log$/, kind);
      assert.equal(hex(ourFile(world, file)), hex(theirs.get(file)), `${at}: ${file}`);
    }
  }
  assert.equal(
    ourCheckpoint(world),
    kafka.checkpoint('cleaner-offset-checkpoint'),
    `${at}: cleaner-offset-checkpoint`,
  );
}

function compareBatches(ours: Uint8Array, theirs: Uint8Array, at: string): void {
  if (Buffer.compare(ours, theirs) === 0) return;
  assert.deepEqual(describe(ours), describe(theirs), at);
}

/** Everything that a batch says but its size and checksum, which depend on the packer. */
function describe(content: Uint8Array): unknown[] {
  return [...iterateBatches(content)].map((batch) => ({
    header: Buffer.from(batch.bytes.subarray(12, 17)).toString('hex'),
    rest: Buffer.from(batch.bytes.subarray(21, 61)).toString('hex'),
    baseOffset: batch.baseOffset,
    size: batch.compression === Compression.none ? batch.sizeBytes : 'packed',
    records: [...iterateRecords(batch)],
  }));
}

function ourFile(world: World, name: string): Uint8Array | undefined {
  const path = `${directory}/events-0/${name}`;
  return world.disk.existsSync(path) ? world.disk.readFileSync(path) : undefined;
}

function ourCheckpoint(world: World): string {
  const path = `${directory}/cleaner-offset-checkpoint`;
  return world.disk.existsSync(path) ? Buffer.from(world.disk.readFileSync(path)).toString() : '';
}

function hex(content: Uint8Array | undefined): string {
  return Buffer.from(content ?? nothing).toString('hex');
}

function* recordsIn(world: World): Generator<bigint> {
  for (const name of files(world).filter((file) => file.endsWith('.log'))) {
    for (const batch of iterateBatches(ourFile(world, name) ?? nothing)) {
      if (!new BatchView(batch.bytes).isControl) for (const { offset } of iterateRecords(batch)) yield offset;
    }
  }
}
