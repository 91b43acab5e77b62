import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedDisk } from '@oubliette/runtime/testing';
import fc from 'fast-check';
import { CorruptProducerSnapshot, decodeSnapshot, encodeSnapshot } from '../../src/log/producer-snapshot.js';
import type { DiskPartitionLog } from '../../src/log/disk-partition-log.js';
import type { PartitionLog } from '../../src/log/partition-log.js';
import type { ProducerState } from '../../src/log/producer-states.js';
import { batch, directory, files, newLog, open, reopen, startMs, type World } from './fixture.js';

const dayMs = 86_400_000;
/** A day passes: nothing has to happen twice a second. */
const rarely = { cleanerBackoffMs: dayMs, retentionCheckIntervalMs: dayMs, checkpointIntervalMs: dayMs };

/** Written by Kafka 4.1.1's ProducerStateManager.writeSnapshot. */
const ofKafka =
  '00018983a5bf00000002' +
  '00000000000000070003000000090000000000000029000000020000018bcfe568000000000c0000000000000027' +
  '00000000000000080001ffffffffffffffffffffffff000000000000018bcfe5680100000005ffffffffffffffff';

const states = new Map<bigint, ProducerState>([
  [
    7n,
    {
      epoch: 3,
      coordinatorEpoch: 12,
      batches: [
        { firstSequence: 7, lastSequence: 9, baseOffset: 39n, lastOffset: 41n, timestamp: BigInt(startMs) },
      ],
      lastTimestamp: BigInt(startMs),
      transactionStart: 39n,
    },
  ],
  [
    8n,
    {
      epoch: 1,
      coordinatorEpoch: 5,
      batches: [],
      lastTimestamp: BigInt(startMs + 1),
      transactionStart: null,
    },
  ],
]);

test('a snapshot has the bytes that Kafka writes', () => {
  assert.equal(Buffer.from(encodeSnapshot(states)).toString('hex'), ofKafka);
  assert.deepEqual(decodeSnapshot(Buffer.from(ofKafka, 'hex')), states);
});

test('no damaged snapshot is believed', () => {
  const whole = Buffer.from(ofKafka, 'hex');
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (at, bits, cuts) => {
        const damaged = Buffer.from(cuts ? whole.subarray(0, at) : whole);
        if (!cuts) damaged[at] = (damaged[at] ?? 0) ^ bits;
        assert.throws(() => decodeSnapshot(damaged), CorruptProducerSnapshot);
      },
    ),
  );
});

async function produce(log: PartitionLog, producerId: bigint, baseSequence: number, isTransactional = false) {
  const sent = batch([[`k${baseSequence}`, 'v'.repeat(60)]], startMs, {
    producerId,
    producerEpoch: 0,
    baseSequence,
    isTransactional,
  });
  return log.append(sent, { durable: true }).then(async (result) => {
    await result.durable;
    return result.baseOffset;
  });
}

async function restart(
  world: World,
  disk: SimulatedDisk = world.disk,
): Promise<{ world: World; log: PartitionLog }> {
  const next = await reopen(world, disk);
  const log = next.logs.get('events', 0);
  assert.ok(log);
  return { world: next, log };
}

const snapshots = (world: World) => files(world).filter((name) => name.endsWith('.snapshot'));

test('a roll and a clean stop leave a snapshot; a start from it knows the last batch of each producer, as with Kafka', async () => {
  const world = await open({ segmentBytes: 400 });
  const log = newLog(world);
  for (let sequence = 0; sequence < 6; sequence++) await produce(log, 1n, sequence);
  await produce(log, 2n, 0, true);
  await (log as DiskPartitionLog).settle();
  const rolled = files(world).filter((name) => name.endsWith('.log')).length - 1;
  assert.deepEqual([snapshots(world).length, rolled > 1], [rolled, true]);
  await world.logs.close();
  assert.ok(snapshots(world).includes('00000000000000000007.snapshot'));
  const again = await restart(world);
  assert.equal(await produce(again.log, 1n, 5), 5n);
  await assert.rejects(produce(again.log, 1n, 4));
  assert.equal(again.log.lastStableOffset, 6n);
  assert.equal(await produce(again.log, 1n, 6), 7n);
});

test('a start after a clean stop reads no batch to know the producers', async () => {
  const world = await open({ segmentBytes: 400 });
  const log = newLog(world);
  for (let sequence = 0; sequence < 6; sequence++) await produce(log, 1n, sequence);
  await world.logs.close();
  // What stands in the first segment is not looked at: were it read, its producer would be another.
  const path = `${directory}/events-0/00000000000000000000.log`;
  const file = world.disk.openSync(path, 'write');
  file.writeSync([Buffer.from([99])], 50);
  file.closeSync();
  const { log: again } = await restart(world);
  assert.deepEqual(
    again.activeProducers().map(({ producerId, lastSequence }) => [producerId, lastSequence]),
    [[1n, 5]],
  );
});

test('damaged snapshots are left out, and the log is read instead', async () => {
  const world = await open({ segmentBytes: 400 });
  const log = newLog(world);
  for (let sequence = 0; sequence < 6; sequence++) await produce(log, 1n, sequence);
  await world.logs.close();
  for (const name of snapshots(world)) {
    const file = world.disk.openSync(`${directory}/events-0/${name}`, 'write');
    file.writeSync([Buffer.from([1, 2, 3])], 12);
    file.closeSync();
  }
  const { log: again } = await restart(world);
  assert.equal(await produce(again, 1n, 3), 3n, 'all batches were read: one of the last five is known');
  assert.equal(await produce(again, 1n, 6), 6n);
});

test('snapshots behind a cut log, and those of segments that are gone, go', async () => {
  const world = await open({ segmentBytes: 400 });
  const log = newLog(world);
  for (let sequence = 0; sequence < 6; sequence++) await produce(log, 1n, sequence);
  await world.logs.close();
  const stray = `${directory}/events-0/00000000000000000001.snapshot`;
  world.disk.replaceFileSync(stray, encodeSnapshot(new Map()));
  world.disk.replaceFileSync(
    `${directory}/events-0/00000000000000000070.snapshot`,
    encodeSnapshot(new Map()),
  );
  const { world: next } = await restart(world);
  const left = snapshots(next);
  assert.ok(
    !left.includes('00000000000000000001.snapshot') && !left.includes('00000000000000000070.snapshot'),
  );
});

test('a producer is forgotten producer.id.expiration.ms after its last timestamp, unless it has a transaction open', async () => {
  const world = await open({}, rarely);
  const log = newLog(world);
  await produce(log, 1n, 0);
  await produce(log, 2n, 0, true);
  await world.clock.advanceAsync(dayMs - 600_000);
  assert.equal(log.activeProducers().length, 2);
  await world.clock.advanceAsync(600_000);
  assert.deepEqual(
    log.activeProducers().map(({ producerId }) => producerId),
    [2n],
  );
  assert.equal(await produce(log, 1n, 40), 2n, 'an unknown producer may start anywhere');
});

test('an expired producer is not loaded from a snapshot', async () => {
  const world = await open({}, rarely);
  const log = newLog(world);
  await produce(log, 1n, 0);
  await world.logs.close();
  await world.clock.advanceAsync(dayMs);
  const { log: again } = await restart(world);
  assert.equal(again.activeProducers().length, 0);
});
