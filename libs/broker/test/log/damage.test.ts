import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iterateBatches, KafkaError } from '@oubliette/protocol';
import type { SimulatedDisk } from '@oubliette/runtime/testing';
import { openLogManager, type LogManagerOptions } from '../../src/log/log-manager.js';
import type { LogManager, ReadResult } from '../../src/log/partition-log.js';
import {
  batch,
  directory,
  files,
  newLog,
  open,
  options,
  put,
  readAll,
  rowsOf,
  startMs,
  type World,
} from './fixture.js';

const at = (name: string): string => `${directory}/events-0/${name}`;
const segment = (base: number, kind = 'log'): string => at(`${String(base).padStart(20, '0')}.${kind}`);

/** Three batches a segment, `count` records in all; everything synced and checkpointed. */
async function filled(count = 12, more: Partial<LogManagerOptions> = {}): Promise<World> {
  const world = await open({ segmentBytes: 500, indexIntervalBytes: 100, retentionMs: -1 }, more);
  const log = newLog(world);
  for (let index = 0; index < count; index++) {
    const result = await log.append(batch([[`k${index}`, 'x'.repeat(60)]], startMs + index), {
      durable: true,
    });
    await result.durable;
  }
  await world.clock.advanceAsync(60_000);
  return world;
}

function spoil(disk: SimulatedDisk, path: string, position: number, bytes: readonly number[]): void {
  const file = disk.openSync(path, 'write');
  file.writeSync([Uint8Array.from(bytes)], position);
  file.syncSync();
  file.closeSync();
}

interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

async function next(world: World, disk = world.disk, more: Partial<LogManagerOptions> = {}) {
  const lines: Line[] = [];
  const note = (message: string, fields = {}): void => void lines.push({ message, fields });
  const logger = { info: () => undefined, warn: note, error: note };
  const logs: LogManager = await openLogManager(options({ ...world, disk }, { logger, ...more }));
  const log = logs.get('events', 0);
  return { logs, log, lines };
}

const corrupt = (pattern: RegExp) => (error: unknown) =>
  (error as { code?: string }).code === 'DATA_DIR_CORRUPT' && pattern.test((error as Error).message);
const bases = (world: World): number[] =>
  files(world)
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(name.slice(0, 20)));

for (const stop of ['clean', 'crash'] as const) {
  const after = async (world: World): Promise<SimulatedDisk> => {
    if (stop === 'crash') return world.disk.crash(1);
    await world.logs.close();
    return world.disk;
  };

  test(`${stop}: a byte flipped in a sealed, synced segment cuts nothing; the batch is served as it is`, async () => {
    const world = await filled();
    const disk = await after(world);
    const before = bases({ ...world, disk });
    const size = disk.statSync(segment(0)).size;
    spoil(disk, segment(0), 100, [255]);
    const { log } = await next(world, disk);
    assert.equal(log?.logEndOffset, 12n);
    assert.equal(disk.statSync(segment(0)).size, size);
    assert.deepEqual(bases({ ...world, disk }), before);
    const served = await log?.read(0n, 100, { minOneBatch: true, isolation: 'uncommitted' });
    assert.equal(served?.records[100], 255);
    const last = await log?.read(11n, 100, { minOneBatch: true, isolation: 'uncommitted' });
    assert.deepEqual(rowsOf(last?.records ?? new Uint8Array(0)).at(-1)?.key, 'k11');
  });

  test(`${stop}: a damaged batch header in a synced segment is CORRUPT_MESSAGE to its readers alone`, async () => {
    const world = await filled();
    const disk = await after(world);
    spoil(disk, segment(0), 16, [9]);
    const { log } = await next(world, disk);
    assert.ok(log);
    const read = (offset: bigint) => log.read(offset, 100, { minOneBatch: true, isolation: 'uncommitted' });
    await assert.rejects(
      read(0n),
      (error) => error instanceof KafkaError && error.codeName === 'CORRUPT_MESSAGE',
    );
    const second = BigInt(bases({ ...world, disk })[1] ?? 0);
    assert.ok((await read(second)).records.length > 0);
    assert.equal(log.logEndOffset, 12n);
  });

  test(`${stop}: a damaged length hides what follows it in its segment, and hangs nobody`, async () => {
    const world = await filled();
    const disk = await after(world);
    spoil(disk, segment(0), 8, [0, 0, 15, 255]);
    const { log } = await next(world, disk);
    const result = await log?.read(0n, 100, { minOneBatch: true, isolation: 'uncommitted' });
    assert.ok((result?.records.length ?? 0) > 0, 'Kafka goes on with the next segment');
    assert.equal(log?.logEndOffset, 12n);
  });

  test(`${stop}: a batch with an offset that is not of its place is CORRUPT_MESSAGE to its readers alone`, async () => {
    const world = await filled();
    const disk = await after(world);
    const second = bases({ ...world, disk })[1] ?? 0;
    const file = Buffer.from(disk.readFileSync(segment(second)));
    const starts = [...iterateBatches(file)].map(({ position }) => position);
    const [at = 0] = starts.slice(1);
    const offset = file.readBigInt64BE(at);
    const damaged = async (wrong: bigint): Promise<void> => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(wrong);
      const copy = disk.crash(1);
      if (stop === 'clean') copy.replaceFileSync(`${directory}/.kafka_cleanshutdown`, Buffer.from('{}'));
      spoil(copy, segment(second), at, [...bytes]);
      const { log, logs } = await next(world, copy);
      assert.ok(log);
      for (let wanted = 0n; wanted < 12n; wanted++) {
        const read: Promise<ReadResult> = log.read(wanted, 1_000, {
          minOneBatch: true,
          isolation: 'uncommitted',
        });
        if (wanted === offset) {
          await assert.rejects(
            read,
            (error) => error instanceof KafkaError && error.codeName === 'CORRUPT_MESSAGE',
            `${wrong}`,
          );
        } else assert.equal(rowsOf((await read).records)[0]?.key, `k${wanted}`, `${wrong}`);
      }
      await logs.close();
    };
    assert.equal(starts.length, 3);
    for (const wrong of [offset | (0x55n << 32n), -1n, 0n, offset + 1n, 11n, 12n]) await damaged(wrong);
  });

  test(`${stop}: a sealed segment without its last bytes is told; its readers go on with the next, as Kafka's do`, async () => {
    const world = await filled();
    const disk = await after(world);
    const [, second = 0, third = 0] = bases({ ...world, disk });
    const whole = disk.readFileSync(segment(second));
    const last = [...iterateBatches(whole)].at(-1);
    disk.replaceFileSync(segment(second), whole.subarray(0, -5));
    const { log, lines } = await next(world, disk);
    const told = lines.filter(({ message }) => message.startsWith('a sealed segment does not end with'));
    assert.deepEqual(
      told.map(({ fields }) => [fields['path'], fields['position'], fields['next']]),
      [[segment(second), last?.position, String(third)]],
    );
    assert.ok(log);
    const read = await log.read(BigInt(third) - 1n, 100, { minOneBatch: true, isolation: 'uncommitted' });
    assert.equal(rowsOf(read.records)[0]?.key, `k${third}`);
  });

  test(`${stop}: an emptied sealed segment is a refusal that names it`, async () => {
    const world = await filled();
    const disk = await after(world);
    const [, second = 0, third = 0] = bases({ ...world, disk });
    disk.replaceFileSync(segment(second), Buffer.alloc(0));
    await assert.rejects(
      next(world, disk),
      corrupt(new RegExp(`${segment(second)} is empty, yet its records reached up to offset ${third}`)),
    );
    for (const kind of ['index', 'timeindex']) disk.replaceFileSync(segment(second, kind), Buffer.alloc(0));
    await assert.rejects(next(world, disk), corrupt(/is empty, yet/));
  });

  test(`${stop}: a segment that is missing between two others is a refusal that names the place`, async () => {
    const world = await filled();
    const disk = await after(world);
    const [, second] = bases({ ...world, disk });
    disk.removeFileSync(segment(second ?? 0));
    await assert.rejects(
      next(world, disk),
      corrupt(new RegExp(`0{20}\\.log ends at offset ${second}, yet the next`)),
    );
    assert.ok(disk.lockSync(`${directory}/.lock`), 'the lock was not released');
  });

  test(`${stop}: a log that lost its last segment, or all of them, or its directory, is a refusal, no empty log`, async () => {
    const world = await filled();
    const disk = await after(world);
    const known = { topicIdOf: () => 'dGhpcyBpcyBhIHRvcGljIA' };
    for (const base of bases({ ...world, disk }).slice(-1)) disk.removeFileSync(segment(base));
    await assert.rejects(
      next(world, disk),
      corrupt(/ends at offset \d+, yet records up to offset \d+ were synced/),
    );
    for (const base of bases({ ...world, disk })) disk.removeFileSync(segment(base));
    await assert.rejects(next(world, disk), corrupt(/events-0 holds no segment, yet/));
    disk.removeDirectorySync(`${directory}/events-0`);
    await assert.rejects(
      next(world, disk, known),
      corrupt(/events-0 is missing, yet records up to offset \d+/),
    );
  });

  test(`${stop}: a log whose first segment is gone begins with the next and says so`, async () => {
    const world = await filled();
    const disk = await after(world);
    const [first, second] = bases({ ...world, disk });
    disk.removeFileSync(segment(first ?? 0));
    const { log, lines } = await next(world, disk);
    assert.equal(log?.logStartOffset, BigInt(second ?? 0));
    assert.ok(lines.some(({ message }) => message.startsWith('the log begins later than its checkpoint')));
  });

  test(`${stop}: missing and damaged indexes of sealed segments are rebuilt, with a line for each`, async () => {
    const world = await filled();
    const disk = await after(world);
    const [first, second, third] = bases({ ...world, disk });
    const good = Buffer.from(disk.readFileSync(segment(first ?? 0, 'index')));
    assert.ok(good.length >= 8);
    disk.removeFileSync(segment(first ?? 0, 'index'));
    for (const path of [segment(second ?? 0, 'index'), segment(third ?? 0, 'timeindex')]) {
      spoil(disk, path, disk.statSync(path).size, [1]);
    }
    const { log, lines } = await next(world, disk);
    assert.ok(log);
    const rebuilt = lines.filter(({ message }) => message.startsWith('an index is missing or damaged'));
    assert.equal(rebuilt.length, 3, JSON.stringify(lines));
    assert.deepEqual(Buffer.from(disk.readFileSync(segment(first ?? 0, 'index'))), good);
    assert.equal((await readAll(log)).length, 12);
  });

  test(`${stop}: garbage in the checkpoint of the log starts is a refusal, in the others a warning`, async () => {
    const world = await filled();
    const disk = await after(world);
    const garbage = Buffer.from('0\n1\nevents zero 3\n');
    disk.replaceFileSync(`${directory}/recovery-point-offset-checkpoint`, garbage);
    disk.replaceFileSync(`${directory}/cleaner-offset-checkpoint`, garbage);
    const { logs, log, lines } = await next(world, disk);
    assert.equal(log?.logEndOffset, 12n);
    assert.equal(
      lines.filter(({ message }) => message.startsWith('a checkpoint file is malformed')).length,
      2,
    );
    await logs.close();
    disk.replaceFileSync(`${directory}/log-start-offset-checkpoint`, garbage);
    await assert.rejects(next(world, disk), corrupt(/log-start-offset-checkpoint is malformed at line 3/));
  });
}

const compacted = (world: World): World => ({
  ...world,
  config: { ...world.config, cleanupPolicy: new Set(['compact']) },
});

test('an emptied segment of a compacted log is a refusal where a clean stop left indexes that tell of records', async () => {
  const world = compacted(await filled());
  await world.logs.close();
  const [, second = 0] = bases(world);
  world.disk.replaceFileSync(segment(second), Buffer.alloc(0));
  await assert.rejects(next(world), corrupt(/is empty, yet its records reached up to/));
  // Cleaning leaves a segment without records, and nothing in its indexes.
  for (const kind of ['index', 'timeindex'])
    world.disk.replaceFileSync(segment(second, kind), Buffer.alloc(0));
  world.disk.replaceFileSync(`${directory}/.kafka_cleanshutdown`, Buffer.from('{}'));
  const { log, lines } = await next(world);
  assert.equal(log?.logEndOffset, 12n);
  assert.deepEqual(lines, []);
});

test('an emptied segment of a compacted log is told after a crash, which may have come between two new names', async () => {
  const world = compacted(await filled());
  const [, second = 0] = bases(world);
  const disk = world.disk.crash(1);
  disk.replaceFileSync(segment(second), Buffer.alloc(0));
  const { logs, lines } = await next(world, disk);
  assert.ok(lines.some(({ fields }) => /yet the log file is empty/.test(String(fields['fault']))));
  await logs.close();
  assert.equal((await next(world, disk)).log?.logEndOffset, 12n);
});

test('a sealed segment of a compacted log that was cut behind its last indexed batch is told, in a batch and between two', async () => {
  const cutAt = async (bytesOf: (batchBytes: number) => number): Promise<Line[]> => {
    const settings = { segmentBytes: 500, indexIntervalBytes: 10_000, retentionMs: -1 };
    const world = compacted(await open(settings));
    const log = newLog(world);
    for (let index = 0; index < 12; index++) await put(world, log, `k${index}`, 'x'.repeat(60), index);
    await world.logs.close();
    const [, second = 0] = bases(world);
    const whole = world.disk.readFileSync(segment(second));
    const [first] = [...iterateBatches(whole)];
    world.disk.replaceFileSync(segment(second), whole.subarray(0, bytesOf(first?.sizeBytes ?? 0)));
    const { logs, lines } = await next(world);
    assert.equal(logs.get('events', 0)?.logEndOffset, 12n);
    return lines;
  };
  for (const [bytesOf, message] of [
    [(size: number) => size + 20, /does not end with a whole batch/],
    [(size: number) => 2 * size, /ends before a record that its time index tells of/],
  ] as const) {
    const [line, ...others] = await cutAt(bytesOf);
    assert.match(line?.message ?? '', message);
    assert.match(String(line?.fields['path']), /\d{20}\.log$/);
    assert.equal(typeof line?.fields['position'], 'number');
    assert.deepEqual(others, []);
  }
  assert.deepEqual(await cutAt((size) => 3 * size), [], 'nothing was cut off');
});

test('an index that stands for bytes behind the end of its log file says how far that is', async () => {
  const world = await filled();
  await world.logs.close();
  const [, second = 0] = bases(world);
  const cut = world.disk.readFileSync(segment(second)).subarray(0, 120);
  world.disk.replaceFileSync(segment(second), cut);
  const { lines } = await next({
    ...world,
    config: { ...world.config, cleanupPolicy: new Set(['compact']) },
  });
  const faults = lines.map(({ fields }) => String(fields['fault']));
  assert.ok(
    faults.some((fault) => /stands for byte \d+ of the log file, which has 120/.test(fault)),
    faults.join(),
  );
});

test('a log directory of another topic of that name is a refusal', async () => {
  const world = await filled(3, { topicIdOf: () => 'AAAAAAAAAAAAAAAAAAAAAA' });
  await world.logs.close();
  const other = { topicIdOf: () => 'BBBBBBBBBBBBBBBBBBBBBB' };
  await assert.rejects(next(world, world.disk, other), corrupt(/belongs to topic id AAA.*, not to BBB/));
});

test('after a clean stop no more is read than headers behind the last indexed batch of each segment', async () => {
  const world = await filled(40);
  await world.logs.close();
  const read: { path: string; bytes: number }[] = [];
  const { disk } = world;
  const openSync = disk.openSync.bind(disk);
  disk.openSync = (path, mode, permissions) => {
    const file = openSync(path, mode, permissions);
    const readSync = file.readSync.bind(file);
    // The simulated disk's `read` comes by here too.
    file.readSync = (target, offset, length, position) => {
      const bytes = readSync(target, offset, length, position);
      if (path.endsWith('.log')) read.push({ path, bytes });
      return bytes;
    };
    return file;
  };
  const { log } = await next(world);
  assert.equal(log?.logEndOffset, 40n);
  assert.deepEqual(
    read.map(({ path }) => path),
    bases(world).map((base) => segment(base)),
  );
  assert.ok(read.every(({ bytes }) => bytes <= 2_048));
});

test('a start that is told to stop ends with STOPPED, leaves the lock, and the next one finds everything', async () => {
  const world = await filled();
  const disk = world.disk.crash(1);
  const signal = AbortSignal.abort();
  await assert.rejects(next(world, disk, { signal }), { code: 'STOPPED' });
  const { log } = await next(world, disk);
  assert.equal(log?.logEndOffset, 12n);
});

test('behind the recovery point the log is cut at the first bad batch', async () => {
  const world = await filled();
  const log = world.logs.get('events', 0);
  assert.ok(log);
  for (let index = 0; index < 9; index++)
    await log.append(batch([[`l${index}`, 'x'.repeat(60)]]), { durable: true });
  await world.clock.advanceAsync(1);
  const disk = world.disk.crash(2);
  const sealed = bases({ ...world, disk }).at(-2) ?? 0;
  spoil(disk, segment(sealed), disk.statSync(segment(sealed)).size - 5, [1, 2, 3]);
  const { log: again, lines } = await next(world, disk);
  assert.ok(lines.some(({ message }) => message.startsWith('the log is cut')));
  assert.ok(again !== undefined && again.logEndOffset >= 12n && again.logEndOffset < 21n);
});

test('indexes that a crash left of segments it had not synced are made anew: the start after a clean stop goes by them', async () => {
  const world = await filled();
  const [, second] = bases(world);
  const disk = world.disk.crash(1);
  const path = segment(second ?? 0, 'index');
  const good = Buffer.from(disk.readFileSync(path));
  assert.ok(good.length >= 8);
  spoil(disk, path, 0, [0, 0, 0, 0]);
  disk.removeFileSync(`${directory}/recovery-point-offset-checkpoint`);
  const { logs } = await next(world, disk);
  await logs.close();
  assert.deepEqual(Buffer.from(disk.readFileSync(path)), good);
});
