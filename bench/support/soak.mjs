import { BrokerProcess } from './broker-process.mjs';
import { median } from './figures.mjs';
import { StallWitness, withoutStalls } from './stalls.mjs';
import { createTopics, deleteTopics, produceFrame, Wire } from './wire.mjs';

export const soakPartitions = 1_000;
const connections = 500;
const pauseMs = 100;
/** Clients that know nothing of each other keep no step: each pauses a little longer or shorter. */
const pauseOf = (index) => pauseMs * (0.8 + 0.4 * ((index * 0.618) % 1));
const mib = 1024 * 1024;
const toldBlocks = 5;

/** Everything that the broker does beside serving comes round many times a minute. */
const brokerConfig = {
  'log.initial.task.delay.ms': '1000',
  'log.retention.check.interval.ms': '1000',
  'log.flush.offset.checkpoint.interval.ms': '2000',
  'log.flush.scheduler.interval.ms': '2000',
  'log.cleaner.backoff.ms': '500',
  'log.segment.delete.delay.ms': '1000',
};
const topics = {
  soak: { partitions: soakPartitions, config: { 'flush.ms': '5000' } },
  // Rolls, and unlinks a file of 64 MiB, every few seconds.
  deleted: {
    partitions: 1,
    config: {
      'segment.bytes': String(64 * mib),
      'retention.bytes': String(64 * mib),
      'file.delete.delay.ms': '1000',
    },
  },
  // Is cleaned all the time.
  cleaned: {
    partitions: 1,
    config: {
      'cleanup.policy': 'compact',
      'segment.bytes': String(4 * mib),
      'min.cleanable.dirty.ratio': '0.1',
      'file.delete.delay.ms': '1000',
    },
  },
};
const cleanedBatches = 128;
const recordsPerCleanedBatch = 400;

/** Many partitions and connections for a while, with cleaning, retention and the deletion of topics under way: ours only. */
export async function soak({ seconds, note, say }) {
  const broker = new BrokerProcess('ours', brokerConfig, true);
  const witness = await StallWitness.start();
  try {
    await broker.start();
    const admin = await Wire.connect(broker.port);
    for (const [name, { partitions, config }] of Object.entries(topics)) {
      await createTopics(admin, { [name]: partitions }, config);
    }
    const wires = await Promise.all(Array.from({ length: connections + 2 }, () => Wire.connect(broker.port)));
    const work = (forSeconds) => workFor(forSeconds, admin, wires);
    await work(Math.max(10, seconds / 3));
    await broker.worstBlocks();
    await witness.stalls();
    const resident = await sampled(broker, () => work(seconds));
    const { longestGapMs, blocks } = await broker.worstBlocks();
    const worst = withoutStalls(blocks, await witness.stalls());
    for (const { ms, stalledMs, told } of worst.slice(0, toldBlocks)) {
      say(`${ms.toFixed(1)} ms, the machine stood still for ${stalledMs.toFixed(1)}; ${told}`);
    }
    say(`the longest gap, whatever made it: ${longestGapMs.toFixed(1)} ms`);
    note('ours', 'longest block ms', worst[0].ms);
    note('ours', 'memory growth MiB', growth(resident));
    for (const wire of [admin, ...wires]) wire.close();
  } finally {
    await witness.stop();
    await broker.remove();
  }
}

/** Resident MiB, taken each second while something is done. */
async function sampled(broker, work) {
  const samples = [];
  const timer = setInterval(() => samples.push(broker.residentMiB), 1000);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return samples;
}

/** From the first third of the time to the last: between collections, memory goes up and down by tens of MiB. */
function growth(samples) {
  const third = Math.floor(samples.length / 3);
  return median(samples.slice(-third)) - median(samples.slice(0, third));
}

async function workFor(seconds, admin, [deleting, cleaning, ...others]) {
  const until = performance.now() + seconds * 1000;
  const repeat = async (everyMs, task) => {
    for (let turn = 0; performance.now() < until; turn++) {
      await task(turn);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  const large = produceFrame('deleted', { recordsPerBatch: 64, recordBytes: 8 * 1024, acks: 1 });
  const keyed = Array.from({ length: cleanedBatches }, (_, batch) => cleanedFrame(batch));
  await Promise.all([
    ...others.map((wire, index) => {
      const partition = (index * 2) % soakPartitions;
      const frame = produceFrame('soak', { recordsPerBatch: 10, recordBytes: 100, acks: 1, partition });
      return repeat(pauseOf(index), () => wire.send(frame));
    }),
    repeat(20, () => deleting.send(large)),
    repeat(50, (turn) => cleaning.send(keyed[turn % keyed.length])),
    repeat(2_000, async (turn) => {
      await createTopics(admin, { [`passing-${turn}`]: 20 });
      await deleteTopics(admin, [`passing-${turn}`]);
    }),
  ]);
}

/** Every key comes once in so many batches: nine of ten records of the log are superseded after ten rounds. */
function cleanedFrame(batch) {
  const keyOf = (index) => Buffer.from(`key ${batch} ${index}`);
  return produceFrame('cleaned', {
    recordsPerBatch: recordsPerCleanedBatch,
    recordBytes: 100,
    acks: 1,
    keyOf,
  });
}
