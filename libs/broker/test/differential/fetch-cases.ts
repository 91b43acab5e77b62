import { apis, type EncodableRequestOf } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { batchOf, told } from './batches.js';
import { answerOf, type Case, type Side } from './two-brokers.js';

type Asked = Partial<EncodableRequestOf<'fetch'>> & { readonly version?: number };

interface Place {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  readonly maxBytes?: number;
  readonly epoch?: number;
  readonly lastEpoch?: number;
}

export const fetchTopics = {
  read: { partitions: 3 },
  idle: { partitions: 2 },
  session: { partitions: 4 },
  trimmed: {},
};

/** Three batches in the first partition, one in the second, none in the third. */
export async function fillForFetch(client: WireClient): Promise<void> {
  for (const [partition, count] of [
    [0, 3],
    [0, 4],
    [0, 2],
    [1, 5],
  ] as const) {
    await append(client, 'read', partition, batchOf(count));
  }
  for (const partition of [0, 1, 2]) await append(client, 'session', partition, batchOf(1));
  for (let i = 0; i < 3; i++) await append(client, 'trimmed', 0, batchOf(2));
}

async function append(client: WireClient, name: string, index: number, records: Uint8Array): Promise<void> {
  await client.call(apis.produce, 8, {
    transactionalId: null,
    acks: 1,
    timeoutMs: 1000,
    topicData: [{ name, partitionData: [{ index, records }] }],
  });
}

const isNamed = (version: number): boolean => version < 13;

function topicsOf(side: Side, version: number, places: readonly Place[]) {
  return places.map(({ topic = 'read', partition = 0, offset = 0n, maxBytes = 1_000_000, ...epochs }) => ({
    ...(isNamed(version) ? { topic } : { topicId: side.topicId(topic) }),
    partitions: [
      {
        partition,
        currentLeaderEpoch: epochs.epoch ?? -1,
        fetchOffset: offset,
        lastFetchedEpoch: epochs.lastEpoch ?? -1,
        partitionMaxBytes: maxBytes,
      },
    ],
  }));
}

/** One fetch; what it says, with ids as names. `maxWaitMs` is 0 unless said. */
export async function fetchFrom(
  side: Side,
  client: WireClient,
  places: readonly Place[],
  { version = 12, ...asked }: Asked = {},
) {
  const answer = await answerOf(client, apis.fetch, version, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 10_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    forgottenTopicsData: [],
    rackId: '',
    topics: topicsOf(side, version, places),
    ...asked,
  });
  if (typeof answer === 'string') return { said: answer, sessionId: 0 };
  const said = {
    errorCode: answer.errorCode,
    hasSession: answer.sessionId !== 0,
    responses: answer.responses.map(({ topic, topicId, partitions }) => ({
      topic: isNamed(version) ? topic : side.topicName(topicId),
      partitions: partitions.map(({ records, ...rest }) => ({
        ...rest,
        // Of a batch that the bounds cut the beginning is sent.
        bytes: records?.length ?? null,
        records: records === null ? null : told(records),
      })),
    })),
  };
  return { said, sessionId: answer.sessionId };
}

const read =
  (places: readonly Place[], asked: Asked = {}): Case =>
  async (side, client) =>
    (await fetchFrom(side, client, places, asked)).said;

/** Requests of one session, each told what to change; 'epoch' counts by itself unless said. */
const session =
  (
    steps: readonly (Asked & {
      readonly places?: readonly Place[];
      readonly forget?: readonly { topic: string; partitions: number[] }[];
      readonly append?: number;
    })[],
    version = 12,
  ): Case =>
  async (side, client) => {
    const answers = [];
    let [sessionId, sessionEpoch] = [0, 0];
    for (const { places = [], forget = [], append: partition, ...asked } of steps) {
      if (partition !== undefined) await append(client, 'session', partition, batchOf(1));
      const forgottenTopicsData = forget.map(({ topic, partitions }) => {
        return isNamed(version) ? { topic, partitions } : { topicId: side.topicId(topic), partitions };
      });
      const answer = await fetchFrom(side, client, places, {
        version,
        sessionId,
        sessionEpoch,
        forgottenTopicsData,
        ...asked,
      });
      answers.push(answer.said);
      if (answer.sessionId !== 0) sessionId = answer.sessionId;
      sessionEpoch++;
    }
    return answers;
  };

const places = (offset: bigint, ...partitions: number[]): Place[] =>
  partitions.map((partition) => ({ topic: 'session', partition, offset }));

/** One topic's entry that names a partition more than once. */
const inOneEntry =
  (offsets: readonly bigint[], asked: Asked = {}): Case =>
  async (side, client) => {
    const version = asked.version ?? 12;
    const [entry] = topicsOf(side, version, [{}]);
    const partitions = offsets.flatMap(
      (offset) => topicsOf(side, version, [{ offset }])[0]?.partitions ?? [],
    );
    const topics = [{ ...entry, partitions }];
    return (await fetchFrom(side, client, [], { ...asked, topics })).said;
  };

export const fetchCases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    [4, 5, 7, 9, 11, 12, 13, 15, 16, 17, 18].map((version) => [
      `version ${version}`,
      read(
        [{}, { partition: 1 }, { partition: 2 }],
        version >= 15 ? { version, replicaId: undefined } : { version },
      ),
    ]),
  ),
  'from within a batch': read([{ offset: 4n }]),
  'at the end': read([{ offset: 9n }]),
  'beyond the end': read([{ offset: 10n }]),
  'a negative offset': read([{ offset: -1n }]),
  'no such topic': read([{ topic: 'nowhere' }]),
  'no such topic id': read([{ topic: 'nowhere' }], { version: 13 }),
  'no such partition': read([{ partition: 9 }]),
  'what is there and what is not': read([{ partition: 9 }, {}, { topic: 'nowhere' }, { partition: 1 }]),
  'an epoch to come': read([{ epoch: 4 }]),
  'the epoch of today': read([{ epoch: 0 }]),
  'a last fetched epoch': read([{ lastEpoch: 0, offset: 3n }]),
  'a last fetched epoch to come': read([{ lastEpoch: 3, offset: 3n }]),
  'nothing asked': read([]),
  'a max of 1 byte': read([{ maxBytes: 1 }]),
  'a max of 1 byte of two partitions': read([{ maxBytes: 1 }, { partition: 1, maxBytes: 1 }]),
  'a max of 1 byte of all': read([{}, { partition: 1 }], { maxBytes: 1 }),
  'a max that cuts the second batch': read([{ maxBytes: 800 }, { partition: 1, maxBytes: 100 }]),
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, step) => step * 37 + 60).map((maxBytes) => [
      `a max of ${maxBytes} bytes of all, wherever that cuts`,
      read([{}, { partition: 1 }, { topic: 'trimmed', offset: 3n }], { maxBytes }),
    ]),
  ),
  'a max of 0': read([{ maxBytes: 0 }, { partition: 1, maxBytes: 0 }]),
  'a negative max': read([{ maxBytes: -5 }]),
  'a min above all': read([{}], { minBytes: 5_000_000, maxWaitMs: 30 }),
  'a min above the max': read([{}], { minBytes: 5000, maxBytes: 100, maxWaitMs: 30 }),
  'nothing there, a short wait': read([{ topic: 'idle' }, { topic: 'idle', partition: 1 }], {
    maxWaitMs: 30,
  }),
  'read committed': read([{}, { partition: 2 }], { isolationLevel: 1 }),
  'an isolation level that is none': read([{}], { isolationLevel: 7 }),
  ...Object.fromEntries(
    [12, 13].flatMap((version) => [
      [`version ${version}: a partition twice in one entry`, inOneEntry([3n, 7n], { version })],
      [`version ${version}: the same twice in one entry`, inOneEntry([0n, 0n], { version })],
      [`version ${version}: thrice, out of range in between`, inOneEntry([0n, 99n, 7n], { version })],
      [`version ${version}: out of range at last`, inOneEntry([0n, 99n], { version })],
      [
        `version ${version}: twice in one entry, for a session`,
        inOneEntry([3n, 7n], { version, sessionEpoch: 0 }),
      ],
      [
        `version ${version}: a partition in two entries of its topic`,
        read([{ offset: 3n }, { partition: 1 }, { offset: 7n }], { version }),
      ],
      [
        `version ${version}: two entries of a topic with another between`,
        read([{}, { topic: 'trimmed', offset: 4n }, { partition: 1 }, { offset: 7n }], { version }),
      ],
      [
        `version ${version}: twice in a session, at its beginning and later`,
        session(
          [
            { places: [...places(0n, 0, 3), ...places(1n, 0)] },
            { places: [...places(0n, 0), ...places(9n, 0, 3)] },
            { places: [...places(1n, 0), ...places(1n, 1), ...places(0n, 0)] },
            {},
          ],
          version,
        ),
      ],
      [
        `version ${version}: no such partition, twice`,
        read([{ partition: 9 }, {}, { partition: 9 }], { version }),
      ],
    ]),
  ),
  'a session': session([
    { places: places(0n, 0, 1, 2, 3) },
    { places: places(1n, 0, 1, 2) },
    {},
    { append: 1 },
    { places: places(2n, 1) },
    { forget: [{ topic: 'session', partitions: [1] }] },
    { append: 1 },
    { append: 2, sessionEpoch: 3 },
    { sessionEpoch: 99 },
  ]),
  'a session by ids': session(
    [
      { places: places(0n, 0, 3) },
      { places: places(9n, 0) },
      {},
      { places: [{ topic: 'nowhere' }] },
      {},
      { forget: [{ topic: 'session', partitions: [0] }] },
      {},
    ],
    13,
  ),
  'a session that loses all': session([
    { places: places(0n, 3) },
    { forget: [{ topic: 'session', partitions: [3] }] },
    {},
  ]),
  'a session that ends': session([
    { places: places(0n, 3) },
    { sessionEpoch: -1, places: places(0n, 3) },
    { sessionEpoch: 1 },
  ]),
  'a session that begins anew': session([
    { places: places(0n, 3) },
    { sessionEpoch: 0, places: places(0n, 3) },
    { sessionEpoch: 1 },
  ]),
  'a session that is none': read([{}], { sessionId: 12_345, sessionEpoch: 1 }),
  'a session of 0 that goes on': read([{}], { sessionId: 0, sessionEpoch: 1 }),
  'a session by names, asked by ids': async (side, client) => {
    const first = await fetchFrom(side, client, places(0n, 3), { sessionEpoch: 0 });
    const { sessionId } = first;
    return (await fetchFrom(side, client, [], { version: 13, sessionId, sessionEpoch: 1 })).said;
  },
  'the full partition steps back': session([
    { places: places(0n, 0, 1, 2), maxBytes: 1 },
    { maxBytes: 1 },
    { maxBytes: 1 },
    { maxBytes: 1 },
  ]),
  'a log start that moved': async (side, client) => {
    const at = { topic: 'trimmed', offset: 6n };
    const first = await fetchFrom(side, client, [at], { sessionEpoch: 0 });
    const { sessionId } = first;
    await client.call(apis.deleteRecords, 1, {
      topics: [{ name: 'trimmed', partitions: [{ partitionIndex: 0, offset: 3n }] }],
      timeoutMs: 1000,
    });
    const next = await fetchFrom(side, client, [], { sessionId, sessionEpoch: 1 });
    const below = await fetchFrom(side, client, [{ topic: 'trimmed', offset: 2n }]);
    const within = await fetchFrom(side, client, [{ topic: 'trimmed', offset: 3n }]);
    return [first.said, next.said, below.said, within.said];
  },
};
