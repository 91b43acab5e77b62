import { BrokerProcess } from './broker-process.mjs';
import { createTopics, deleteTopics, produceFrame, Wire } from './wire.mjs';

export const soakPartitions = 1_000;
const connections = 500;
const pauseMs = 100;
/** Clients that know nothing of each other keep no step: each pauses a little longer or shorter. */
const pauseOf = (index) => pauseMs * (0.8 + 0.4 * ((index * 0.618) % 1));
const mib = 1024 * 1024;

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
  try {
    await broker.start();
    const admin = await Wire.connect(broker.port);
    for (const [name, { partitions, config }] of Object.entries(topics)) {
      await createTopics(admin, { [name]: partitions }, config);
    }
    const wires = await Promise.all(Array.from({ length: connections + 2 }, () => Wire.connect(broker.port)));
    const work = (forSeconds) => workFor(forSeconds, admin, wires);
    await work(Math.max(10, seconds / 3));
    const before = broker.residentMiB;
    await broker.longestBlock();
    await work(seconds);
    const { longestBlockMs, longestGapMs, blocked } = await broker.longestBlock();
    for (const each of blocked) say(each);
    say(`the longest gap, waiting for a core included: ${longestGapMs.toFixed(1)} ms`);
    note('ours', 'longest block ms', longestBlockMs);
    note('ours', 'memory growth MiB', broker.residentMiB - before);
    for (const wire of [admin, ...wires]) wire.close();
  } finally {
    await broker.remove();
  }
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
