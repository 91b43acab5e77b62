import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatch, iterateBatches, iterateRecords } from '@oubliette/protocol';
import type { PartitionLog } from '../../../src/log/partition-log.js';
import { randomHistory, type Step } from '../../support/random-history.js';
import { bytes, directory, files, newLog, open, reopen, text, type World } from '../fixture.js';

// What Kafka documents of a compacted topic, as a plain model that knows nothing of segments, passes or horizons: of each key the
// last committed value stays; what stays is what was written, at its offset, in order; a tombstone lives for delete.retention.ms at
// least; nothing of a given up transaction is ever taken for a last value; what is old enough and superseded goes.
const tickMs = 500;
const seeds = process.env.OUBLIETTE_FULL === '1' ? 50 : 5;
const deleteRetentionMs = 4_000;

interface Written {
  readonly offset: bigint;
  readonly key: string | null;
  readonly value: string | null;
  readonly writtenMs: number;
  readonly producer: number | null;
  /** Null while its transaction is open. */
  committed: boolean | null;
}

class Model {
  readonly records: Written[] = [];

  append(step: Extract<Step, { kind: 'append' }>, baseOffset: bigint, nowMs: number): void {
    for (const [index, { key, value }] of step.records.entries()) {
      this.records.push({
        offset: baseOffset + BigInt(index),
        key,
        value,
        writtenMs: nowMs,
        producer: step.producer?.id ?? null,
        committed: step.isTransactional ? null : true,
      });
    }
  }

  end(producer: number, committed: boolean): void {
    for (const record of this.records) {
      if (record.producer === producer && record.committed === null) record.committed = committed;
    }
  }

  check(found: readonly Omit<Written, 'writtenMs' | 'producer' | 'committed'>[], nowMs: number, at: string) {
    const written = new Map(this.records.map((record) => [record.offset, record]));
    let last = -1n;
    for (const { offset, key, value } of found) {
      const original = written.get(offset);
      assert.deepEqual([key, value], [original?.key, original?.value], `${at}: offset ${offset} was changed`);
      assert.ok(offset > last, `${at}: offset ${offset} stands behind ${last}`);
      last = offset;
    }
    const left = new Set(found.map(({ offset }) => offset));
    for (const record of this.#lastValues().values()) {
      const mayGo = record.value === null && nowMs - record.writtenMs >= deleteRetentionMs;
      assert.ok(left.has(record.offset) || mayGo, `${at}: the last value of ${record.key} is gone`);
    }
    for (const { offset, committed } of this.records) {
      assert.ok(left.has(offset) || committed !== null, `${at}: a record of an open transaction is gone`);
    }
  }

  /** Records below `limit` that a later one below it supersedes, and given up ones. */
  garbage(limit: bigint): Set<bigint> {
    const known = this.#lastValues(limit);
    const below = this.records.filter(({ offset }) => offset < limit);
    const gone = below.filter(
      ({ key, offset, committed }) => committed === false || known.get(key ?? '')?.offset !== offset,
    );
    return new Set(gone.map(({ offset }) => offset));
  }

  #lastValues(limit = 1n << 60n): Map<string, Written> {
    const last = new Map<string, Written>();
    for (const record of this.records) {
      if (record.committed === true && record.key !== null && record.offset < limit)
        last.set(record.key, record);
    }
    return last;
  }
}

test('after any life of a compacted log what remains is what Kafka promises, and what it promises to remove is gone', async () => {
  let gone = 0;
  for (let seed = 1; seed <= seeds; seed++) gone += await live(seed);
  assert.ok(gone > seeds * 50, `the runs prove little: ${gone} records were removed`);
});

async function live(seed: number): Promise<number> {
  const config = {
    cleanupPolicy: new Set(['compact'] as const),
    segmentBytes: 700,
    segmentMs: 3_000,
    minCleanableDirtyRatio: 0,
    fileDeleteDelayMs: 1_000,
    deleteRetentionMs,
    indexIntervalBytes: 200,
  };
  // Every third life has room for few keys.
  const dedupeBufferSize = seed % 3 === 0 ? 24 * 8 : 100_000;
  const more = { cleanerBackoffMs: tickMs, cleaner: () => ({ dedupeBufferSize }) };
  const shape = { steps: 80, keys: 9, tickMs, withNullKeys: false, withDeletedRecords: false };
  const history = randomHistory(seed, { ...shape, withTransactions: true, withRestarts: true });
  let world = await open(config, more);
  let log = newLog(world);
  const model = new Model();
  for (const [index, step] of history.entries()) {
    if (step.kind === 'restart') {
      // Now and then as after a power cut: all was synced.
      const crashed = seed % 2 === 0;
      if (!crashed) await world.logs.close();
      world = await reopen(world, crashed ? world.disk.crash(seed + index) : world.disk, more);
      const again = world.logs.get('events', 0);
      assert.ok(again);
      log = again;
    } else await take(step, world, log, model);
    model.check(recordsOf(world), world.clock.now(), `seed ${seed}, step ${index}`);
  }
  await world.clock.advanceAsync(6_000);
  await settled(world);
  const found = recordsOf(world);
  model.check(found, world.clock.now(), `seed ${seed}, at the end`);
  const bases = files(world).filter((name) => name.endsWith('.log'));
  const active = BigInt(bases.at(-1)?.slice(0, -4) ?? 0);
  const stable = BigInt(
    bases
      .filter((name) => BigInt(name.slice(0, -4)) <= log.lastStableOffset)
      .at(-1)
      ?.slice(0, -4) ?? 0,
  );
  const garbage = model.garbage(stable < active ? stable : active);
  assert.deepEqual(
    found.filter(({ offset }) => garbage.has(offset)),
    [],
    `seed ${seed}: what is superseded below ${stable} stands`,
  );
  await world.logs.close();
  return model.records.length - found.length;
}

async function take(
  step: Exclude<Step, { kind: 'restart' }>,
  world: World,
  log: PartitionLog,
  model: Model,
): Promise<void> {
  if (step.kind === 'append') {
    const result = await log.append(encode(step, world.clock.now()), { durable: true });
    await result.durable;
    model.append(step, result.baseOffset, world.clock.now());
  } else if (step.kind === 'marker') {
    const { id, epoch, result } = step;
    const marker = { producerId: BigInt(id), producerEpoch: epoch, coordinatorEpoch: 0, result };
    await (
      await log.appendMarker(marker)
    ).durable;
    model.end(id, result === 'commit');
  } else if (step.kind === 'wait') {
    await world.clock.advanceAsync(step.ms);
    await settled(world);
  }
}

/** Lets a round of many passes end. */
async function settled(world: World): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await world.clock.advanceAsync(0);
}

function encode(step: Extract<Step, { kind: 'append' }>, nowMs: number): Uint8Array {
  const { producer } = step;
  return encodeBatch({
    records: step.records.map(({ key, value, ahead }) => ({
      timestamp: BigInt(nowMs + ahead),
      key: bytes(key),
      value: bytes(value),
    })),
    compression: (['none', 'gzip', 'lz4'] as const)[step.codec % 3] ?? 'none',
    isTransactional: step.isTransactional,
    ...(producer === null
      ? {}
      : { producerId: BigInt(producer.id), producerEpoch: producer.epoch, baseSequence: producer.sequence }),
  });
}

/** What stands in the files, in their order. */
function recordsOf(world: World): { offset: bigint; key: string | null; value: string | null }[] {
  const logs = files(world).filter((name) => name.endsWith('.log'));
  return logs.flatMap((name) =>
    [...iterateBatches(world.disk.readFileSync(`${directory}/events-0/${name}`))]
      .filter((batch) => !batch.isControl)
      .flatMap((batch) => [...iterateRecords(batch)])
      .map(({ offset, key, value }) => ({ offset, key: text(key), value: text(value) })),
  );
}
