import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatch, KafkaError } from '@oubliette/protocol';
import { DiskError } from '@oubliette/runtime';
import { batch, config, files, newLog, open, options, readAll, reopen, startMs } from './fixture.js';
import { openLogManager } from '../../src/log/log-manager.js';

const refused = (name: string) => (error: unknown) => error instanceof KafkaError && error.codeName === name;

function flipped(content: Uint8Array, at: number): Uint8Array {
  const copy = content.slice();
  copy[at]! ^= 1;
  return copy;
}

const good = (): Uint8Array =>
  batch([
    ['a', '1'],
    ['b', '2'],
  ]);
const bad: readonly (readonly [what: string, content: Uint8Array, code: string])[] = [
  ['a flipped bit in a value', flipped(good(), good().length - 2), 'CORRUPT_MESSAGE'],
  ['a flipped bit in the CRC', flipped(good(), 18), 'CORRUPT_MESSAGE'],
  ['a truncated batch', good().slice(0, -1), 'INVALID_RECORD'],
  [
    'message format 1',
    flipped(flipped(good(), 16), 16).map((byte, at) => (at === 16 ? 1 : byte)),
    'INVALID_RECORD',
  ],
  ['nothing', new Uint8Array(0), 'INVALID_RECORD'],
  ['a base offset', batch([['a', '1']], startMs, { baseOffset: 5n }), 'INVALID_RECORD'],
  ['fewer records than offsets', batch([['a', '1']], startMs, { lastOffsetDelta: 3 }), 'INVALID_RECORD'],
  ['no records', encodeBatch({ records: [] }), 'INVALID_RECORD'],
  ['a producer without a sequence', batch([['a', '1']], startMs, { producerId: 1n }), 'INVALID_RECORD'],
  ['a record two hours ahead', batch([['a', '1']], startMs + 7_200_000), 'INVALID_TIMESTAMP'],
  [
    'a stamp of the log ahead',
    batch([['a', '1']], startMs, { logAppendTime: BigInt(startMs + 7_200_000) }),
    'INVALID_TIMESTAMP',
  ],
  ['a batch above max.message.bytes', batch([['a', 'x'.repeat(3_000)]]), 'MESSAGE_TOO_LARGE'],
  [
    'more than a segment',
    Buffer.concat(Array.from({ length: 6 }, () => batch([['a', 'x'.repeat(1_500)]]))),
    'RECORD_LIST_TOO_LARGE',
  ],
];

for (const [what, content, code] of bad) {
  test(`${what}: ${code}, and nothing is appended`, async () => {
    const log = newLog(await open({ maxMessageBytes: 2_000, segmentBytes: 8_000 }));
    await assert.rejects(log.append(content, { durable: false }), refused(code));
    assert.deepEqual([log.logEndOffset, log.sizeBytes], [0n, 0]);
    await log.append(good(), { durable: false });
    assert.equal((await readAll(log)).length, 2);
  });
}

test('what follows the last whole batch and is none is not stored', async () => {
  const log = newLog(await open());
  await log.append(Buffer.concat([good(), good().slice(0, 30)]), { durable: false });
  assert.deepEqual([log.logEndOffset, log.sizeBytes], [2n, good().length]);
});

test('a compacted log takes no record without a key', async () => {
  const log = newLog(await open({ cleanupPolicy: new Set(['compact'] as const) }));
  for (const compression of ['none', 'gzip'] as const) {
    const content = batch(
      [
        ['a', '1'],
        [null, '2'],
      ],
      startMs,
      { compression },
    );
    await assert.rejects(log.append(content, { durable: false }), refused('INVALID_RECORD'));
  }
  assert.equal(log.logEndOffset, 0n);
});

test('a full disk refuses the append, keeps what was there, and recovers when there is room', async () => {
  for (const durable of [false, true]) {
    const world = await open();
    const log = newLog(world);
    await log.append(batch([['a', '1']]), { durable: false });
    const size = log.sizeBytes;
    world.disk.setFreeBytes(20);
    await assert.rejects(
      log.append(batch([['b', 'x'.repeat(500)]]), { durable }),
      refused('KAFKA_STORAGE_ERROR'),
    );
    assert.deepEqual([log.logEndOffset, log.highWatermark, log.sizeBytes], [1n, 1n, size]);
    assert.equal(world.disk.statSync('/data/events-0/00000000000000000000.log').size, size);
    world.disk.setFreeBytes(10_000);
    await (
      await log.append(batch([['c', '3']]), { durable })
    ).durable;
    assert.deepEqual(
      (await readAll(log)).map((row) => row.key),
      ['a', 'c'],
    );
  }
});

test('a failed write takes back everything queued behind it, rolls included', async () => {
  const world = await open({ segmentBytes: 300 });
  const log = newLog(world);
  await log.append(batch([['a', 'x'.repeat(100)]]), { durable: false });
  world.disk.fail({ operation: 'write', code: 'ENOSPC', path: (path) => path.endsWith('.log') });
  const queued = [1, 2, 3, 4].map((index) =>
    log.append(batch([[`k${index}`, 'x'.repeat(100)]]), { durable: true }),
  );
  const outcomes = await Promise.allSettled(queued);
  assert.ok(outcomes.every((outcome) => outcome.status === 'rejected'));
  assert.deepEqual(
    [log.logEndOffset, files(world).filter((name) => name.endsWith('.log'))],
    [1n, ['00000000000000000000.log', '00000000000000000001.log']],
  );
  await (
    await log.append(batch([['b', '2']]), { durable: true })
  ).durable;
  assert.deepEqual(
    (await readAll(log)).map((row) => row.key),
    ['a', 'b'],
  );
});

test('a failed sync ends the log until a restart', async () => {
  const world = await open();
  const log = newLog(world);
  await log.append(batch([['a', '1']]), { durable: false });
  world.disk.fail({ operation: 'sync', code: 'EIO' });
  const result = await log.append(batch([['b', '2']]), { durable: true });
  await assert.rejects(result.durable, refused('KAFKA_STORAGE_ERROR'));
  await assert.rejects(log.append(batch([['c', '3']]), { durable: false }), refused('KAFKA_STORAGE_ERROR'));
  assert.deepEqual(
    (await readAll(log)).map((row) => row.key),
    ['a'],
  );
  const again = (await reopen(world, world.disk.crash(1))).logs.get('events', 0);
  await again?.append(batch([['d', '4']]), { durable: true });
});

test('a data directory that another broker uses, or that may not be written, is a clear refusal', async () => {
  const world = await open();
  await assert.rejects(openLogManager(options(world)), { code: 'DATA_DIR_LOCKED' });
  const other = { ...world, disk: world.disk.crash(1) };
  other.disk.fail({ operation: 'create', code: 'EACCES' });
  await assert.rejects(openLogManager(options(other)), { code: 'DATA_DIR_NOT_WRITABLE' });
  await openLogManager(options(other));
});

test('a topic that cannot be created on disk is a storage error, not a half-made log', async () => {
  const world = await open();
  world.disk.fail({ operation: 'open', code: 'ENOSPC' });
  assert.throws(() => world.logs.create('events', 0, config()), refused('KAFKA_STORAGE_ERROR'));
  assert.equal(world.logs.get('events', 0), undefined);
  assert.ok(world.logs.create('events', 0, config()));
  assert.ok(new DiskError('ENOSPC', 'open', '/x').message.includes('disk is full'));
});
