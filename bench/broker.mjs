// The bundled broker beside Apache Kafka 4.1.1, by turns: ours, Kafka, Kafka, ours. `--quick` is one short turn of each.
import { soak, soakPartitions } from './support/soak.mjs';
import { consumeWithJava, produceWithJava } from './support/java.mjs';
import { BrokerProcess } from './support/broker-process.mjs';
import { median, quantile } from './support/figures.mjs';
import { createTopics, logEnds, produceFrame, replay, Wire } from './support/wire.mjs';

export const title = 'The bundled broker and Apache Kafka 4.1.1, by turns';

const isQuick = process.argv.includes('--quick');
const order = isQuick ? ['ours', 'kafka'] : ['ours', 'kafka', 'kafka', 'ours'];
/** More and shorter turns where a neighbour of the machine's may disturb some of them. */
const replayOrder = isQuick ? order : [...order, ...order];
const javaRecords = isQuick ? 300_000 : 2_000_000;
const replaySeconds = isQuick ? 4 : 8;
const recordsPerBatch = 80;
const recordBytes = 196;
const loadPartitions = soakPartitions;
const loadBytes = isQuick ? 200e6 : 1e9;
const soakSeconds = isQuick ? 10 : 600;

const javaWork = [
  { size: 200, compression: 'none' },
  { size: 1024, compression: 'none' },
  { size: 200, compression: 'lz4' },
  { size: 1024, compression: 'lz4' },
];

/** What `--only` takes. */
export const parts = ['java', 'replay', 'load', 'soak'];

export async function run({ say, only }) {
  const wants = (part) => only.length === 0 || only.includes(part);
  if (process.env['OUBLIETTE_KAFKA_LIBS'] === undefined) {
    say('OUBLIETTE_KAFKA_LIBS is not set: without Kafka there is nothing to compare with');
    return [];
  }
  const seen = { ours: {}, kafka: {} };
  const note = (engine, what, value) => {
    (seen[engine][what] ??= []).push(value);
    say(`${engine} ${what}: ${Math.round(value * 100) / 100}`);
  };
  for (const engine of order) {
    if (wants('java')) await withJava(engine, note);
    if (wants('load')) await underLoad(engine, note);
  }
  if (wants('replay')) {
    for (const engine of replayOrder) await withReplay(engine, note);
    // Kafka's own way to sync before it answers.
    await withBroker('kafka', { 'log.flush.interval.messages': '1' }, async (broker) => {
      note('kafka', 'synced requests/s', (await replayed(broker, 'synced', -1, 64)).perSecond);
    });
  }
  if (wants('soak')) await soak({ seconds: soakSeconds, note, say });
  return rows(seen, wants);
}

async function withBroker(engine, config, work) {
  const broker = new BrokerProcess(engine, config);
  try {
    await broker.start();
    return await work(broker);
  } finally {
    await broker.remove();
  }
}

async function withJava(engine, note) {
  await withBroker(engine, {}, async (broker) => {
    const wire = await Wire.connect(broker.port);
    for (const { size, compression } of javaWork) {
      const topic = `java-${size}-${compression}`;
      await createTopics(wire, { [topic]: 1 });
      const records = Math.round(javaRecords / (size / 200));
      const made = { topic, records, size, compression, acks: 1 };
      const { perSecond, p99 } = await produceWithJava(broker.bootstrap, made);
      note(engine, `${topic} records/s`, perSecond);
      note(engine, `${topic} p99 ms`, p99);
    }
    const { perSecond } = await consumeWithJava(broker.bootstrap, {
      topic: 'java-200-none',
      records: javaRecords,
    });
    note(engine, 'consumed records/s', perSecond);
    wire.close();
  });
}

/** Prebuilt batches on one connection; the log's growth is counted, or errors would look fast. */
async function replayed(broker, topic, acks, inFlight) {
  const wire = await Wire.connect(broker.port);
  await createTopics(wire, { [topic]: 1 });
  const frame = produceFrame(topic, { recordsPerBatch, recordBytes, acks });
  await replay(wire, frame, { seconds: replaySeconds / 2, inFlight });
  const [before, cpuBefore] = [await logEnds(wire, topic, 1), broker.cpuSeconds];
  const { requests, seconds, latencies } = await replay(wire, frame, { seconds: replaySeconds, inFlight });
  const cpu = broker.cpuSeconds - cpuBefore;
  const grown = (await logEnds(wire, topic, 1)) - before;
  wire.close();
  if (grown !== requests * recordsPerBatch)
    throw new Error(`${broker.engine} answered ${requests} requests and kept ${grown} records`);
  return { perSecond: requests / seconds, p99: quantile(latencies, 0.99), perCpuSecond: grown / cpu };
}

async function withReplay(engine, note) {
  await withBroker(engine, {}, async (broker) => {
    const written = await replayed(broker, 'written', 1, 5);
    note(engine, 'replayed records/s', written.perSecond * recordsPerBatch);
    note(engine, 'replayed p99 ms', written.p99);
    note(engine, 'records per CPU second', written.perCpuSecond);
    note(engine, 'acks=all requests/s', (await replayed(broker, 'all', -1, 64)).perSecond);
  });
}

/** A thousand partitions filled, a clean stop, and the start after it. */
async function underLoad(engine, note) {
  await withBroker(engine, {}, async (broker) => {
    const wire = await Wire.connect(broker.port);
    await createTopics(wire, { load: loadPartitions });
    const batchBytes = 256 * 1024;
    const rounds = Math.ceil(loadBytes / loadPartitions / batchBytes);
    for (let partition = 0; partition < loadPartitions; partition++) {
      const frame = produceFrame('load', {
        recordsPerBatch: 64,
        recordBytes: batchBytes / 64,
        acks: 1,
        partition,
      });
      await Promise.all(Array.from({ length: rounds }, () => wire.send(frame)));
    }
    wire.close();
    await broker.stop();
    note(engine, 'start under load ms', await broker.start());
    note(engine, 'resident under load MiB', broker.residentMiB);
  });
}

function rows(seen, wants) {
  const ours = (what) => median(seen.ours[what]);
  const kafka = (what) => median(seen.kafka[what]);
  const ratio = (what, least, unit = '', of = what) => {
    const times = ours(what) / kafka(of);
    const text = `${times.toFixed(2)} × (${count(ours(what))} to ${count(kafka(of))}${unit})`;
    const name = of === what ? what : `${what} to Kafka's ${of}`;
    return { what: name, measured: times, text, wanted: `≥ ${least} ×`, met: times >= least };
  };
  const atMostRatio = (what, most, unit) => {
    const times = ours(what) / kafka(what);
    const text = `${times.toFixed(2)} × (${count(ours(what))} to ${count(kafka(what))}${unit})`;
    return { what, measured: times, text, wanted: `≤ ${most} ×`, met: times <= most };
  };
  const limit = (what, most, unit) => ({
    what,
    measured: ours(what),
    text: `${ours(what).toFixed(1)}${unit}`,
    wanted: `≤ ${most}${unit}`,
    met: ours(what) <= most,
  });
  const all = {
    java: () => [
      ...javaWork.flatMap(({ size, compression }) => [
        ratio(`java-${size}-${compression} records/s`, 1.2),
        atMostRatio(`java-${size}-${compression} p99 ms`, 1, ' ms'),
      ]),
      ratio('consumed records/s', 1),
    ],
    replay: () => [
      ratio('replayed records/s', 2),
      atMostRatio('replayed p99 ms', 0.5, ' ms'),
      ratio('records per CPU second', 1.5),
      ratio('acks=all requests/s', 0.8),
      ratio('acks=all requests/s', 3, '', 'synced requests/s'),
    ],
    load: () => [
      atMostRatio('start under load ms', 0.2, ' ms'),
      atMostRatio('resident under load MiB', 1 / 3, ' MiB'),
    ],
    soak: () => [limit('longest block ms', 50, ' ms'), limit('memory growth MiB', 20, ' MiB')],
  };
  return parts.filter(wants).flatMap((part) => all[part]());
}

function count(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)} k`;
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}
