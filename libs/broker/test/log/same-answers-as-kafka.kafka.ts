import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeBatch, KafkaError } from '@oubliette/protocol';
import { SeededEntropy } from '@oubliette/runtime/testing';
import type { PartitionLog, TransactionMarker } from '../../src/log/partition-log.js';
import { KafkaLog, kafkaLibs } from '../support/kafka-log/kafka-log.js';
import { bytes, directory, files, newLog, open, reopen, startMs, type World } from './fixture.js';

// Producers that do right and wrong write to our log and to one of Apache Kafka's own storage classes. Both take and refuse the same, say the
// same of producers, transactions, times and epochs, hand the same batches to readers, and leave the same files when they are closed.

const seeds = process.env.OUBLIETTE_FULL === '1' ? 200 : 6;
const steps = 90;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const settings = { segmentBytes: 1_500, indexIntervalBytes: 250 };

/** Days pass: nothing has to happen twice a second. */
const rarely = { cleanerBackoffMs: dayMs, retentionCheckIntervalMs: hourMs, checkpointIntervalMs: dayMs };

/** Kafka's exceptions by the code that a client hears. */
const codes: Readonly<Record<string, string>> = {
  InvalidProducerEpochException: 'INVALID_PRODUCER_EPOCH',
  OutOfOrderSequenceException: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  TransactionCoordinatorFencedException: 'TRANSACTION_COORDINATOR_FENCED',
  InvalidTxnStateException: 'INVALID_TXN_STATE',
  OffsetOutOfRangeException: 'OFFSET_OUT_OF_RANGE',
};

/** Both logs, asked the same. */
class Pair {
  #log: PartitionLog;
  taken = 0;
  refused = new Map<string, number>();

  constructor(
    private world: World,
    private readonly kafka: KafkaLog,
  ) {
    this.#log = newLog(world);
  }

  get log(): PartitionLog {
    return this.#log;
  }

  get nowMs(): number {
    return this.world.clock.now();
  }

  async append(records: Uint8Array, at: string): Promise<void> {
    const theirs = await outcome(async () => (await this.kafka.ask(`append ${hex(records)}`))[0]);
    const ours = await outcome(async () => (await this.#log.append(records, { durable: false })).baseOffset);
    this.#same(ours, theirs, at);
  }

  async end(marker: TransactionMarker, at: string): Promise<void> {
    const { producerId, producerEpoch, coordinatorEpoch, result } = marker;
    const command = `marker ${producerId} ${producerEpoch} ${coordinatorEpoch} ${result}`;
    const theirs = await outcome(async () => (await this.kafka.ask(command))[0]);
    const ours = await outcome(async () => {
      const appended = await this.#log.appendMarker(marker);
      await appended.durable;
      return appended.baseOffset;
    });
    this.#same(ours, theirs, at);
  }

  async deleteBefore(offset: bigint, at: string): Promise<void> {
    const theirs = await outcome(async () => void (await this.kafka.ask(`deleteBefore ${offset}`)));
    const ours = await outcome(async () => void this.#log.deleteRecordsBefore(offset));
    this.#same(ours, theirs, at);
  }

  async find(timestamp: bigint, at: string): Promise<void> {
    const theirs = await this.kafka.ask(`find ${timestamp}`);
    const found = await (timestamp === -3n ? this.#log.maxTimestamp() : this.#log.findByTimestamp(timestamp));
    const ours = found === null ? ['none'] : [found.offset, found.timestamp, found.leaderEpoch].map(String);
    assert.deepEqual(ours, theirs, `${at}: the offset for ${timestamp}`);
  }

  async read(
    offset: bigint,
    maxBytes: number,
    isolation: 'committed' | 'uncommitted',
    at: string,
  ): Promise<void> {
    const [theirs = '', aborted = ''] = await this.kafka.ask(`read ${offset} ${maxBytes} ${isolation}`);
    const ours = await this.#log.read(offset, maxBytes, { minOneBatch: true, mayCut: true, isolation });
    assert.equal(hex(ours.records), theirs, `${at}: read ${offset}, ${maxBytes} bytes`);
    const named = ours.abortedTransactions?.map((each) => `${each.producerId}:${each.firstOffset}`).join();
    assert.equal(named ?? 'null', aborted, `${at}: aborted transactions from ${offset}, ${maxBytes} bytes`);
  }

  async state(at: string): Promise<void> {
    const [start, end, stable] = (await this.kafka.ask('state')).map(BigInt);
    assert.ok(start !== undefined && end !== undefined && stable !== undefined);
    const log = this.#log;
    const ours = [log.logStartOffset, log.logEndOffset, log.lastStableOffset];
    // Behind a log start within a batch Kafka 4.1.1 takes that batch's first offset for the last stable one.
    assert.deepEqual(
      ours,
      [start, end, stable > start ? stable : start],
      `${at}: start, end, last stable offset`,
    );
    const producers = [...log.activeProducers()]
      .sort((left, right) => Number(left.producerId - right.producerId))
      .map((each) => Object.values(each).join(':'));
    assert.deepEqual([producers.join(',')], await this.kafka.ask('producers'), `${at}: producers`);
    for (let epoch = -1; epoch <= log.leaderEpoch + 1; epoch++) {
      const { leaderEpoch, endOffset } = log.epochEnd(epoch);
      const known = endOffset < 0n ? ['none'] : [String(leaderEpoch), String(endOffset)];
      assert.deepEqual(known, await this.kafka.ask(`epochEnd ${epoch}`), `${at}: end of epoch ${epoch}`);
    }
  }

  async wait(ms: number): Promise<void> {
    await this.world.clock.advanceAsync(ms);
    await this.kafka.ask(`time ${ms}`);
    await this.kafka.ask('retain');
    await this.kafka.ask('expire');
  }

  /** Stops and starts both, cleanly, and compares what they found and left: each start leads in a new epoch. */
  async restart(at: string): Promise<void> {
    await this.kafka.ask('restart');
    await this.kafka.ask('time 0');
    await this.world.logs.close();
    const leaderEpoch = this.#log.leaderEpoch + 2;
    this.world = await reopen(this.world, this.world.disk, { ...rarely, leaderEpochOf: () => leaderEpoch });
    const log = this.world.logs.get('events', 0);
    assert.ok(log);
    this.#log = log;
    this.compareFiles(at);
  }

  compareFiles(at: string): void {
    const theirs = this.kafka.files();
    const names = (all: Iterable<string>): string[] =>
      [...all].filter((name) => name !== 'partition.metadata').sort();
    assert.deepEqual(names(files(this.world)), names(theirs.keys()), `${at}: files`);
    for (const name of names(theirs.keys())) {
      const ours = this.world.disk.readFileSync(`${directory}/events-0/${name}`);
      // Kafka opens the active segment's indexes at their full size.
      const content = theirs.get(name) ?? new Uint8Array(0);
      const isActive = /index$/.test(name) && content.length > 10_000;
      if (isActive) assert.equal(hex(ours), hex(content.subarray(0, ours.length)), `${at}: ${name}`);
      else if (name === 'leader-epoch-checkpoint')
        assert.equal(epochsIn(ours, this.#log), epochsIn(content, this.#log), `${at}: ${name}`);
      else if (name.endsWith('.snapshot'))
        assert.deepEqual(entries(ours), entries(content), `${at}: ${name}`);
      else assert.equal(hex(ours), hex(content), `${at}: ${name}`);
    }
  }

  #same(ours: string, theirs: string, at: string): void {
    assert.equal(ours, theirs, at);
    if (/^[A-Z]/.test(ours)) this.refused.set(ours, (this.refused.get(ours) ?? 0) + 1);
    else this.taken++;
  }
}

/** Epochs with records: Kafka writes one when it begins, ours with its first record. */
function epochsIn(file: Uint8Array, { logEndOffset }: PartitionLog): string {
  const [, , ...entries] = Buffer.from(file).toString().trimEnd().split('\n');
  return entries.filter((entry) => BigInt(entry.split(' ')[1] ?? 0) < logEndOffset).join();
}

/** Entries stand in the order of a hash map there. */
function entries(snapshot: Uint8Array): string[] {
  const content = Buffer.from(snapshot);
  const found = [hex(content.subarray(0, 2)), hex(content.subarray(6, 10))];
  for (let start = 10; start < content.length; start += 46)
    found.push(hex(content.subarray(start, start + 46)));
  return found.sort();
}

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    return String(await work());
  } catch (error) {
    if (error instanceof KafkaError) return error.codeName;
    const name = /error (\w+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? '';
    if (codes[name] === undefined) throw error;
    return codes[name];
  }
}

function hex(content: Uint8Array): string {
  return Buffer.from(content).toString('hex');
}

/** What a producer of the test did last. */
interface Producer {
  epoch: number;
  next: number;
  readonly sent: Uint8Array[];
}

class Life {
  readonly #producers = new Map<bigint, Producer>();

  constructor(
    private readonly pair: Pair,
    private readonly chance: SeededEntropy,
  ) {}

  async step(at: string): Promise<void> {
    const dice = this.chance.below(100);
    const { log, nowMs } = this.pair;
    const some = (from: bigint, to: bigint): bigint =>
      from + BigInt(this.chance.below(Number(to - from) + 1));
    if (dice < 50) await this.#send(at);
    else if (dice < 66) await this.#end(at);
    else if (dice < 76) await this.pair.find(BigInt(nowMs - 3_000 + this.chance.below(4_000)), at);
    else if (dice < 79) await this.pair.find(-3n, at);
    else if (dice < 92) {
      const isolation = this.chance.below(3) === 0 ? 'uncommitted' : 'committed';
      await this.pair.read(
        some(log.logStartOffset, log.logEndOffset),
        100 + this.chance.below(1_500),
        isolation,
        at,
      );
    } else if (dice < 95) await this.pair.deleteBefore(some(log.logStartOffset, log.highWatermark + 1n), at);
    else if (dice < 97) await this.pair.wait(this.chance.below(4) === 0 ? dayMs : hourMs);
    else await this.pair.restart(at);
  }

  async #send(at: string): Promise<void> {
    const { chance } = this;
    const producerId = BigInt(chance.below(6)) - 1n;
    const producer = this.#known(producerId);
    const isRetry = producer.sent.length > 0 && chance.below(8) === 0;
    const retried = producer.sent.at(-1 - chance.below(Math.min(7, producer.sent.length)));
    if (isRetry && retried !== undefined) {
      await this.pair.append(Uint8Array.from(retried), `${at}: a retry of ${producerId}`);
      return;
    }
    const count = 1 + chance.below(4);
    const wrong = chance.below(12);
    const baseSequence = wrong === 0 ? producer.next + 1 + chance.below(3) : wrong === 1 ? 0 : producer.next;
    const producerEpoch =
      wrong === 2 ? producer.epoch - 1 : wrong === 3 ? producer.epoch + 1 : producer.epoch;
    const isTransactional = producerId >= 2n ? chance.below(25) !== 0 : chance.below(60) === 0;
    const records = Array.from({ length: count }, (_, index) => ({
      timestamp: BigInt(this.pair.nowMs - chance.below(2_000) + 300),
      key: bytes(`k${index}`),
      value: bytes('v'.repeat(chance.below(90))),
    }));
    const batch =
      producerId < 0n
        ? encodeBatch({ records })
        : encodeBatch({
            records,
            producerId,
            producerEpoch: Math.max(0, producerEpoch),
            baseSequence,
            isTransactional,
          });
    const sent = Uint8Array.from(batch);
    const before = this.pair.taken;
    await this.pair.append(batch, `${at}: producer ${producerId} sends sequence ${baseSequence}`);
    if (this.pair.taken === before || producerId < 0n) return;
    producer.epoch = Math.max(0, producerEpoch);
    producer.next = baseSequence + count;
    producer.sent.push(sent);
  }

  async #end(at: string): Promise<void> {
    const { chance } = this;
    const producerId = BigInt(1 + chance.below(4));
    const producer = this.#known(producerId);
    const producerEpoch = Math.max(0, producer.epoch + [0, 0, 0, 0, 1, -1][chance.below(6)]!);
    const coordinatorEpoch = [1, 1, 1, 1, 2, 0][chance.below(6)]!;
    const result = chance.below(2) === 0 ? 'commit' : 'abort';
    const before = this.pair.taken;
    await this.pair.end(
      { producerId, producerEpoch, coordinatorEpoch, result },
      `${at}: ${result} of ${producerId}`,
    );
    if (this.pair.taken === before || producerEpoch === producer.epoch) return;
    producer.epoch = producerEpoch;
    producer.next = 0;
  }

  #known(producerId: bigint): Producer {
    const known = this.#producers.get(producerId) ?? { epoch: 0, next: 0, sent: [] };
    this.#producers.set(producerId, known);
    return known;
  }
}

let kafka: KafkaLog;
before(() => {
  if (kafkaLibs !== undefined) kafka = new KafkaLog(kafkaLibs);
});
after(() => kafka?.close());

test(
  'the same appends are taken, refused and answered as by Kafka, whatever producers do',
  { skip: kafkaLibs === undefined },
  async () => {
    const refused = new Map<string, number>();
    for (let seed = 1; seed <= seeds; seed++) {
      const chance = new SeededEntropy(seed);
      const world = await open(settings, rarely);
      await kafka.open(startMs, {
        'internal.segment.bytes': settings.segmentBytes,
        'index.interval.bytes': settings.indexIntervalBytes,
        'retention.ms': -1,
      });
      const pair = new Pair(world, kafka);
      const life = new Life(pair, chance);
      for (let step = 0; step < steps; step++) {
        const at = `seed ${seed}, step ${step}`;
        await life.step(at);
        await pair.state(at);
      }
      await pair.restart(`seed ${seed}, at the end`);
      for (const [code, count] of pair.refused) refused.set(code, (refused.get(code) ?? 0) + count);
      assert.ok(pair.taken > 20, `seed ${seed} took only ${pair.taken} appends`);
    }
    for (const code of Object.values(codes))
      assert.ok((refused.get(code) ?? 0) > 0, `nothing was refused with ${code}`);
  },
);
