import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  apis,
  ByteReader,
  ByteWriter,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  encodeResponseInSteps,
  encodeResponseParts,
  ProtocolError,
} from '../src/index.js';

const head = { correlationId: 7, clientId: null };
const wanted = (count: number) =>
  Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
const request = (topics: number, partitions: number) => ({
  replicaId: -1,
  isolationLevel: 0,
  topics: Array.from({ length: topics }, (_, index) => ({
    name: `t${index}`,
    partitions: wanted(partitions),
  })),
});
const answer = (topics: number, partitions: number) => ({
  topics: Array.from({ length: topics }, (_, index) => ({
    name: `t${index}`,
    partitions: Array.from({ length: partitions }, (_unused, partitionIndex) => ({
      partitionIndex,
      errorCode: 0,
      timestamp: -1n,
      offset: 5n,
      leaderEpoch: -1,
    })),
  })),
});

/** Runs the steps; what they return and how often they rested. */
function finish<T>(steps: Generator<void, T, undefined>): { result: T; rests: number } {
  for (let rests = 0; ; rests++) {
    const step = steps.next();
    if (step.done === true) return { result: step.value, rests };
  }
}

for (const version of [3, 10]) {
  test(`ListOffsets ${version}: many elements are read and written in steps, and come to the same`, () => {
    // Few long arrays, and many short ones: the elements of all count.
    for (const [topics, partitions] of [
      [2, 3_000],
      [3_000, 2],
    ] as const) {
      const body = request(topics, partitions);
      const frame = encodeRequest(apis.listOffsets, version, head, body).subarray(4);
      const { reader } = decodeRequestHeader(frame);
      const start = reader.position;
      assert.equal(apis.listOffsets.request.decodeAtOnce(version, reader, 5_999), null);
      assert.equal(reader.position, start, 'it stands where it stood');
      const read = finish(apis.listOffsets.request.decodeInSteps(version, reader));
      assert.ok(read.rests >= 6_000 / 128 - 1, `${read.rests} rests`);
      assert.equal(reader.remaining, 0);
      const atOnce = decodeRequestHeader(frame).reader;
      assert.deepEqual(read.result, apis.listOffsets.request.decode(version, atOnce));

      const written = answer(topics, partitions);
      const whole = encodeResponse(apis.listOffsets, version, 7, written);
      const writer = new ByteWriter();
      assert.equal(encodeResponseParts(apis.listOffsets, version, 7, written, writer, 5_999), null);
      assert.equal(writer.length, 0, 'nothing is left of it');
      const steps = finish(encodeResponseInSteps(apis.listOffsets, version, 7, written));
      assert.ok(steps.rests >= 6_000 / 128 - 1, `${steps.rests} rests`);
      assert.ok(steps.result.length > 1, 'in pieces');
      assert.deepEqual(Buffer.concat(steps.result), Buffer.from(whole));
      assert.deepEqual(
        decodeResponse(apis.listOffsets, version, whole.subarray(4)).body.topics.length,
        topics,
      );
    }
  });
}

test('what is not too much is done at once', () => {
  const frame = encodeRequest(apis.listOffsets, 10, head, request(2, 10)).subarray(4);
  const { reader } = decodeRequestHeader(frame);
  assert.equal(apis.listOffsets.request.decodeAtOnce(10, reader, 22)?.topics.length, 2);
  const parts = encodeResponseParts(apis.listOffsets, 10, 7, answer(2, 10), new ByteWriter(), 22);
  assert.equal(parts?.length, 1);
});

test('in steps a wrong body is refused as it is at once, and a left-out field has its default', () => {
  const frame = encodeRequest(apis.listOffsets, 10, head, request(2, 400)).subarray(4);
  const cut = frame.subarray(0, frame.length - 20);
  const refusal = (read: () => unknown): string => {
    try {
      read();
      return 'none';
    } catch (error) {
      return error instanceof ProtocolError ? `${error.code} ${error.message}` : String(error);
    }
  };
  const stepped = refusal(() =>
    finish(apis.listOffsets.request.decodeInSteps(10, decodeRequestHeader(cut).reader)),
  );
  assert.equal(
    stepped,
    refusal(() => apis.listOffsets.request.decode(10, decodeRequestHeader(cut).reader)),
  );
  assert.match(stepped, /^FRAME_OVERRUN topics/);
  const [first] = answer(1, 1).topics;
  const broken = {
    topics: [{ name: 't', partitions: [{ ...first?.partitions[0], partitionIndex: undefined }] }],
  };
  const unencodable = broken as unknown as ReturnType<typeof answer>;
  assert.equal(
    refusal(() => finish(encodeResponseInSteps(apis.listOffsets, 10, 1, unencodable))),
    refusal(() => encodeResponse(apis.listOffsets, 10, 1, unencodable)),
  );
  const { result } = finish(encodeResponseInSteps(apis.metadata, 13, 1, { brokers: [], topics: [] }));
  assert.deepEqual(
    Buffer.concat(result),
    Buffer.from(encodeResponse(apis.metadata, 13, 1, { brokers: [], topics: [] })),
  );
});

test('large record batches stand uncopied in what is made in steps', () => {
  const records = new Uint8Array(50_000).fill(1);
  const partitions = [
    { partitionIndex: 0, errorCode: 0, highWatermark: 1n, abortedTransactions: [], records },
  ];
  const body = { responses: [{ topic: 't', partitions }] };
  const { result } = finish(encodeResponseInSteps(apis.fetch, 12, 1, body));
  assert.ok(result.includes(records));
  assert.deepEqual(Buffer.concat(result), Buffer.from(encodeResponse(apis.fetch, 12, 1, body)));
});

test('a reader whose attempt fails stands where it stood', () => {
  const reader = new ByteReader(Buffer.from([0, 0, 0, 1, 0]));
  assert.throws(() => reader.attempt(() => [reader.int32(), reader.int16()]));
  assert.equal(reader.int32(), 1);
});
