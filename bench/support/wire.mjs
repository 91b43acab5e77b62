import { connect } from 'node:net';
import { apis, decodeResponse, encodeBatch, encodeRequest } from '@oubliette/protocol';

/** A connection that sends prepared frames and hands out answers in order. */
export class Wire {
  #socket;
  #pending = Buffer.alloc(0);
  #waiting = [];

  static async connect(port) {
    const wire = new Wire();
    wire.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise((resolve, reject) => {
      wire.#socket.once('connect', resolve);
      wire.#socket.once('error', reject);
    });
    wire.#socket.on('data', (chunk) => wire.#take(chunk));
    wire.#socket.on('close', () => {
      for (const { reject } of wire.#waiting.splice(0)) reject(new Error('the broker closed the connection'));
    });
    return wire;
  }

  /** Resolves to the answer's frame, without its length. */
  send(frame) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(frame);
    });
  }

  async call(api, version, body) {
    const frame = encodeRequest(api, version, { correlationId: 1, clientId: 'bench' }, body);
    return decodeResponse(api, version, await this.send(frame)).body;
  }

  close() {
    this.#socket.destroy();
  }

  #take(chunk) {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= 4) {
      const end = 4 + this.#pending.readInt32BE(0);
      if (this.#pending.length < end) return;
      this.#waiting.shift()?.resolve(this.#pending.subarray(4, end));
      this.#pending = this.#pending.subarray(end);
    }
  }
}

/** Creates topics and waits until they are led; `topics` names them with their partitions. */
export async function createTopics(wire, topics, config = {}) {
  const configs = Object.entries(config).map(([name, value]) => ({ name, value }));
  const created = await wire.call(apis.createTopics, 4, {
    topics: Object.entries(topics).map(([name, numPartitions]) => ({
      name,
      numPartitions,
      replicationFactor: 1,
      assignments: [],
      configs,
    })),
    timeoutMs: 60_000,
  });
  const failed = created.topics.find(({ errorCode }) => errorCode !== 0);
  if (failed !== undefined) throw new Error(`${failed.name}: ${failed.errorCode} ${failed.errorMessage}`);
  for (const [name, partitions] of Object.entries(topics)) {
    while ((await logEnds(wire, name, partitions)) === null)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function deleteTopics(wire, names) {
  const { responses } = await wire.call(apis.deleteTopics, 4, { topicNames: names, timeoutMs: 60_000 });
  const failed = responses.find(({ errorCode }) => errorCode !== 0);
  if (failed !== undefined) throw new Error(`${failed.name}: ${failed.errorCode}`);
}

/** Records of all partitions together, or null while one is not led. */
export async function logEnds(wire, name, partitions) {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: -1n,
  }));
  const { topics } = await wire.call(apis.listOffsets, 1, {
    replicaId: -1,
    topics: [{ name, partitions: asked }],
  });
  let sum = 0;
  for (const { errorCode, offset } of topics[0].partitions) {
    if (errorCode !== 0) return null;
    sum += Number(offset);
  }
  return sum;
}

/** A batch of so many records of so many bytes, as a frame to be sent again and again. */
export function produceFrame(
  name,
  { recordsPerBatch, recordBytes, acks, partition = 0, keyOf = () => null },
) {
  const timestamp = BigInt(Date.now());
  const value = Buffer.alloc(recordBytes, 'oubliette');
  const records = Array.from({ length: recordsPerBatch }, (_, index) => ({
    timestamp,
    key: keyOf(index),
    value,
  }));
  const body = {
    transactionalId: null,
    acks,
    timeoutMs: 30_000,
    topicData: [{ name, partitionData: [{ index: partition, records: encodeBatch({ records }) }] }],
  };
  return encodeRequest(apis.produce, 8, { correlationId: 1, clientId: 'bench' }, body);
}

/** Sends the frame for a while, `inFlight` at a time on one connection: `{ requests, seconds, latencies }`, latencies in ms. */
export async function replay(wire, frame, { seconds, inFlight }) {
  const latencies = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  const lane = async () => {
    while (performance.now() < until) {
      const sent = performance.now();
      await wire.send(frame);
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return { requests: latencies.length, seconds: (performance.now() - began) / 1000, latencies };
}
