import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeBatch, iterateBatches } from '@oubliette/protocol';
import { ManualClock, SimulatedDisk } from '@oubliette/runtime/testing';
import { BrokerError } from '../../src/errors.js';
import { openLogManager } from '../../src/log/log-manager.js';
import { KafkaLog, kafkaLibs, type FoundState } from '../support/kafka-log/kafka-log.js';
import { damages, Whole, type Content, type Damage, type Outcome } from './damages.js';
import { bytes, config, directory, options, startMs } from './fixture.js';

// One damaged directory of a log, opened by ours and by one of Apache Kafka's own storage classes: the same records, offsets, producers and
// epochs are left, and the same files when it is closed. Where ours refuses to start, or Kafka does, the case says so.

const settings = { segmentBytes: 700, indexIntervalBytes: 150 };
const kafkaSettings = {
  'internal.segment.bytes': settings.segmentBytes,
  'index.interval.bytes': settings.indexIntervalBytes,
  'retention.ms': -1,
  // Room for all entries: each opening allocates it for every segment.
  'segment.index.bytes': 4_096,
};

let kafka: KafkaLog;
let whole: Whole;
before(async () => {
  if (kafkaLibs === undefined) return;
  kafka = new KafkaLog(kafkaLibs);
  whole = await fill(kafka);
});
after(() => kafka?.close());

/** Segments of a few batches each: plain records, an idempotent producer, transactions of both ends, two epochs. */
async function fill(log: KafkaLog): Promise<Whole> {
  await log.open(startMs, kafkaSettings);
  let at = startMs;
  const append = async (more: Partial<Parameters<typeof encodeBatch>[0]> = {}): Promise<void> => {
    at += 10;
    const records = [0, 1].map((index) => ({
      timestamp: BigInt(at + index),
      key: bytes(`k${index}`),
      value: bytes('v'.repeat(40)),
    }));
    await log.ask(`append ${Buffer.from(encodeBatch({ records, ...more })).toString('hex')}`);
  };
  const sequences = new Map<bigint, number>();
  const from = async (producerId: bigint, isTransactional = false): Promise<void> => {
    const baseSequence = sequences.get(producerId) ?? 0;
    sequences.set(producerId, baseSequence + 2);
    await append({ producerId, producerEpoch: 0, baseSequence, isTransactional });
  };
  for (let round = 0; round < 4; round++) {
    await append();
    await from(1n);
    await from(7n, true);
    await from(8n, true);
    await log.ask(`marker 7 0 0 ${round % 2 === 0 ? 'abort' : 'commit'}`);
    await append();
    if (round === 1) await log.ask('restart');
    if (round % 2 === 1) await log.ask('marker 8 0 0 abort');
  }
  await log.ask('close');
  return new Whole(log.files());
}

async function openTheirs(content: Content, known: FoundState): Promise<Outcome | string> {
  try {
    await kafka.openFound(startMs + 10_000, kafkaSettings, content, known);
  } catch (error) {
    return String(error);
  }
  const [start = '', end = '', stable = ''] = await kafka.ask('state');
  const [producers = ''] = await kafka.ask('producers');
  const read = async (from: bigint): Promise<Uint8Array> => {
    const [hex = ''] = await kafka.ask(`read ${from} 1000000 uncommitted`);
    return Buffer.from(hex, 'hex');
  };
  const records = await readBatches(BigInt(start), BigInt(end), read);
  const epochs: string[] = [];
  for (let epoch = -1; epoch <= known.leaderEpoch; epoch++)
    epochs.push((await kafka.ask(`epochEnd ${epoch}`)).join('@'));
  // What is cut off waits for its deletion there.
  await kafka.ask('time 60000');
  await kafka.ask('close');
  return { start, end, stable, records, producers, epochs: epochs.join(), files: tell(kafka.files(), end) };
}

async function openOurs(content: Content, known: FoundState): Promise<Outcome | string> {
  const disk = new SimulatedDisk();
  const path = `${directory}/events-0`;
  disk.makeDirectorySync(path);
  for (const [name, bytesOf] of content) disk.replaceFileSync(`${path}/${name}`, bytesOf);
  const note = (name: string, offset: bigint): void =>
    disk.replaceFileSync(`${directory}/${name}`, Buffer.from(`0\n1\nevents 0 ${offset}\n`));
  note('recovery-point-offset-checkpoint', known.recoveryPoint);
  note('log-start-offset-checkpoint', known.logStartOffset);
  disk.replaceFileSync(`${directory}/cleaner-offset-checkpoint`, Buffer.from('0\n0\n'));
  if (known.closedCleanly) disk.replaceFileSync(`${directory}/.kafka_cleanshutdown`, Buffer.from('{}'));
  const clock = new ManualClock(startMs + 10_000);
  const logConfig = config({ ...settings, retentionMs: -1 });
  try {
    const more = { leaderEpochOf: () => known.leaderEpoch };
    const logs = await openLogManager(options({ disk, clock, config: logConfig }, more));
    const log = logs.get('events', 0);
    assert.ok(log);
    const { logStartOffset: start, logEndOffset: end, lastStableOffset: stable } = log;
    const records = await readBatches(
      start,
      end,
      async (from) =>
        (await log.read(from, 1_000_000, { minOneBatch: true, isolation: 'uncommitted' })).records,
    );
    const producers = [...log.activeProducers()]
      .sort((left, right) => Number(left.producerId - right.producerId))
      .map((each) => Object.values(each).join(':'))
      .join(',');
    const epochs: string[] = [];
    for (let epoch = -1; epoch <= known.leaderEpoch; epoch++) {
      const { leaderEpoch, endOffset } = log.epochEnd(epoch);
      epochs.push(endOffset < 0n ? 'none' : `${leaderEpoch}@${endOffset}`);
    }
    await logs.close();
    const left = disk.listSync(path).map(({ name }) => [name, disk.readFileSync(`${path}/${name}`)] as const);
    const told = { start: String(start), end: String(end), stable: String(stable), producers };
    return { ...told, records, epochs: epochs.join(), files: tell(new Map(left), String(end)) };
  } catch (error) {
    if (error instanceof BrokerError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Batches as they stand, up to the end or to what cannot be read. */
async function readBatches(
  start: bigint,
  end: bigint,
  read: (from: bigint) => Promise<Uint8Array>,
): Promise<string> {
  const found: string[] = [];
  let offset = start;
  while (offset < end) {
    let batches: { hex: string; next: bigint }[];
    try {
      const content = await read(offset);
      batches = [...iterateBatches(content, { partialTail: 'ignore' })].map((batch) => ({
        hex: Buffer.from(batch.bytes).toString('hex'),
        next: batch.nextOffset,
      }));
    } catch {
      found.push(`nothing to be read at ${offset}`);
      break;
    }
    if (batches.length === 0) break;
    for (const { hex, next } of batches) {
      found.push(hex);
      offset = next > offset ? next : offset + 1n;
    }
  }
  return found.join('\n');
}

function tell(files: ReadonlyMap<string, Uint8Array>, end: string): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [name, content] of files) {
    // Kafka empties a transaction index that it made anew where ours leaves none.
    const isEmptied = name.endsWith('.txnindex') && content.length === 0;
    if (name === 'partition.metadata' || isEmptied) continue;
    told[name] = name.endsWith('.snapshot')
      ? entriesOf(content)
      : name === 'leader-epoch-checkpoint'
        ? epochsOf(content, BigInt(end))
        : Buffer.from(content).toString('hex');
  }
  return told;
}

/** A snapshot's entries stand in the order of a hash map there. */
function entriesOf(snapshot: Uint8Array): string {
  const content = Buffer.from(snapshot);
  const found = [];
  for (let start = 10; start < content.length; start += 46)
    found.push(content.subarray(start, start + 46).toString('hex'));
  return found.sort().join();
}

/** Epochs with records: Kafka writes one when it begins, ours with its first record. */
function epochsOf(file: Uint8Array, end: bigint): string {
  const [, , ...entries] = Buffer.from(file).toString().trimEnd().split('\n');
  return entries.filter((entry) => BigInt(entry.split(' ')[1] ?? 0) < end).join();
}

function check(
  { name, ours: expected = [], kafkas = 'opens' }: Damage,
  ours: Outcome | string,
  theirs: Outcome | string,
) {
  assert.equal(
    typeof theirs,
    kafkas === 'fails' ? 'string' : 'object',
    `${name}: Kafka says ${JSON.stringify(theirs)}`,
  );
  if (expected === 'refused') return assert.match(String(ours), /^DATA_DIR_CORRUPT/, name);
  assert.ok(typeof ours === 'object', `${name}: ${String(ours)}`);
  if (typeof theirs === 'object') assert.deepEqual(differences(ours, theirs), expected, name);
}

/** What of two outcomes is not the same, the log's answers and its files by name. */
function differences(
  { files: ourFiles, ...ours }: Outcome,
  { files: theirFiles, ...theirs }: Outcome,
): string[] {
  const [left, right]: Readonly<Record<string, string>>[] = [
    { ...ours, ...ourFiles },
    { ...theirs, ...theirFiles },
  ];
  const names = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])];
  const other = names.filter((name) => left?.[name] !== right?.[name]);
  return other.map((name) => whole.shortName(name)).sort();
}

for (const damage of damages) {
  test(damage.name, { skip: kafkaLibs === undefined }, async () => {
    const { content, known } = damage.of(whole);
    check(damage, await openOurs(content, known), await openTheirs(content, known));
  });
}
