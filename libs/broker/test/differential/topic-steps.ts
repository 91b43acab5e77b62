import { apis, type EncodableRequestOf } from '@oubliette/protocol';
import type { TwoEngines } from './two-engines.js';

/* What is asked of both engines about topics. */

type NewTopic = EncodableRequestOf<'createTopics'>['topics'][number];
type Create = readonly [what: string, validateOnly: boolean, topics: readonly NewTopic[]];

const plain = (name: string, rest: Partial<NewTopic> = {}): NewTopic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...rest,
});
const assigned = (name: string, ...brokers: readonly (readonly [number, readonly number[]])[]): NewTopic => ({
  ...plain(name, { numPartitions: -1, replicationFactor: -1 }),
  assignments: brokers.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
});
const config = (name: string, value: string | null) => [{ name, value }];

const creations: readonly Create[] = [
  ['a good one', false, [plain('first')]],
  ['defaults', false, [plain('defaults', { numPartitions: -1, replicationFactor: -1 })]],
  ['settings', false, [plain('set', { configs: config('segment.ms', ' 60000 ') })]],
  ['only checked', true, [plain('checked', { numPartitions: 3 })]],
  ['the same again', false, [plain('first')]],
  ['the same again, only checked', true, [plain('first')]],
  ['twice in one request', false, [plain('twin'), plain('twin', { numPartitions: 2 }), plain('single')]],
  ['a name of 249', false, [plain('n'.repeat(249))]],
  ['a name of 250', false, [plain('n'.repeat(250))]],
  ...['', '.', '..', 'no name', 'näme', 'a/b'].map((name): Create => [
    `the name '${name}'`,
    false,
    [plain(name)],
  ]),
  ['a.b_c', false, [plain('a.b_c')]],
  ['a name that collides', false, [plain('a_b.c')]],
  ['two that collide in one request', false, [plain('x.y'), plain('x_y')]],
  ['the metadata log', false, [plain('__cluster_metadata')]],
  ...[0, -2, 10_001, 2_147_483_647].map((numPartitions): Create => [
    `${numPartitions} partitions`,
    true,
    [plain('counted', { numPartitions })],
  ]),
  [
    'too many in sum',
    true,
    [plain('sum-a', { numPartitions: 6000 }), plain('sum-b', { numPartitions: 6000 })],
  ],
  ...[0, -2, 2, 32_767].map((replicationFactor): Create => [
    `factor ${replicationFactor}`,
    true,
    [plain('factored', { replicationFactor })],
  ]),
  ['assigned', false, [assigned('assigned', [0, [1]], [1, [1]])]],
  ['assigned to nobody', false, [assigned('bad', [0, []])]],
  ['assigned elsewhere', false, [assigned('bad', [0, [2]])]],
  ['assigned to one twice', false, [assigned('bad', [0, [1, 1]])]],
  ['assigned with a gap', false, [assigned('bad', [0, [1]], [2, [1]])]],
  ['one partition assigned twice', false, [assigned('bad', [0, [1]], [0, [1]])]],
  ['a negative partition', false, [assigned('bad', [-1, [1]])]],
  ['assigned and counted', false, [{ ...assigned('bad', [0, [1]]), numPartitions: 1 }]],
  ['assigned and factored', false, [{ ...assigned('bad', [0, [1]]), replicationFactor: 1 }]],
  ['an unknown setting', false, [plain('bad', { configs: config('no.such.thing', '1') })]],
  ['a bad value', false, [plain('bad', { configs: config('segment.ms', 'x') })]],
  ['no value', false, [plain('bad', { configs: config('segment.ms', null) })]],
  [
    'a bad value and a bad count',
    false,
    [plain('bad', { numPartitions: 0, configs: config('segment.ms', 'x') })],
  ],
  ['one good, one bad', false, [plain('good'), plain('no name')]],
  ['nothing', false, []],
];

type Growth = EncodableRequestOf<'createPartitions'>['topics'][number];
const growths: readonly (readonly [string, boolean, readonly Growth[]])[] = [
  ['one more', false, [{ name: 'first', count: 2, assignments: null }]],
  ['as many as there are', false, [{ name: 'first', count: 2, assignments: null }]],
  ['fewer', false, [{ name: 'first', count: 1, assignments: null }]],
  ['none', false, [{ name: 'first', count: 0, assignments: null }]],
  ['below none', false, [{ name: 'first', count: -1, assignments: null }]],
  ['only checked', true, [{ name: 'first', count: 5, assignments: null }]],
  ['a topic that is not there', false, [{ name: 'nowhere', count: 5, assignments: null }]],
  ['assigned', false, [{ name: 'first', count: 3, assignments: [{ brokerIds: [1] }] }]],
  ['too few assigned', false, [{ name: 'first', count: 5, assignments: [{ brokerIds: [1] }] }]],
  ['assigned elsewhere', false, [{ name: 'first', count: 4, assignments: [{ brokerIds: [2] }] }]],
  ['assigned to nobody', false, [{ name: 'first', count: 4, assignments: [{ brokerIds: [] }] }]],
  ['assigned to two', false, [{ name: 'first', count: 4, assignments: [{ brokerIds: [1, 1] }] }]],
  ['assigned, none wanted', false, [{ name: 'first', count: 4, assignments: [] }]],
  [
    'twice in one request',
    false,
    [
      { name: 'first', count: 4, assignments: null },
      { name: 'first', count: 5, assignments: null },
    ],
  ],
];

export async function askAboutTopics(engines: TwoEngines): Promise<void> {
  for (const [what, validateOnly, topics] of creations) {
    await engines.ask(`create: ${what}`, apis.createTopics, 7, { topics, timeoutMs: 10_000, validateOnly });
  }
  await engines.ask('create in version 2', apis.createTopics, 2, {
    topics: [plain('old')],
    timeoutMs: 10_000,
    validateOnly: false,
  });
  for (const [what, validateOnly, topics] of growths) {
    await engines.ask(`partitions: ${what}`, apis.createPartitions, 3, {
      topics,
      timeoutMs: 10_000,
      validateOnly,
    });
  }
  await lookAtTopics(engines);
  await askAboutReplicas(engines);
  await deleteTopics(engines);
}

async function lookAtTopics(engines: TwoEngines): Promise<void> {
  const names = (...topics: readonly string[]) => topics.map((name) => ({ name, topicId: zeroId }));
  for (const version of [1, 8, 13]) {
    for (const asked of [names('first'), names('first', 'first', 'nowhere'), names('no name'), names('')]) {
      await engines.look(
        `metadata v${version} of ${asked.map(({ name }) => name).join()}`,
        apis.metadata,
        version,
        {
          topics: asked,
          allowAutoTopicCreation: false,
          ...(version >= 8 ? { includeTopicAuthorizedOperations: true } : {}),
          ...(version === 8 ? { includeClusterAuthorizedOperations: true } : {}),
        },
      );
    }
  }
  await engines.look('metadata of an unknown id', apis.metadata, 13, {
    topics: [{ name: null, topicId: 'b3VibGlldHRlLXRlc3QtMQ' }],
    allowAutoTopicCreation: true,
  });
  await engines.ask('metadata creates', apis.metadata, 13, {
    topics: names('by-itself', 'no name'),
    allowAutoTopicCreation: true,
  });
  await engines.look('what metadata created', apis.metadata, 13, {
    topics: names('by-itself'),
    allowAutoTopicCreation: false,
  });
  const page = (topics: readonly string[], responsePartitionLimit: number, cursor: [string, number] | null) =>
    engines.look(
      `partitions of ${topics.join()}, ${responsePartitionLimit} from ${cursor?.join() ?? 'the start'}`,
      apis.describeTopicPartitions,
      0,
      {
        topics: topics.map((name) => ({ name })),
        responsePartitionLimit,
        cursor: cursor === null ? null : { topicName: cursor[0], partitionIndex: cursor[1] },
      },
    );
  await page(['first', 'set'], 2000, null);
  await page(['first', 'set'], 1, null);
  await page(['first', 'set'], 3, null);
  await page(['set', 'first'], 0, null);
  await page(['first', 'set'], 2, ['first', 2]);
  await page(['first', 'set'], 2, ['first', 3]);
  await page(['first', 'set'], 2, ['first', 9]);
  await page(['first', 'set'], 2, ['set', 0]);
  await page(['first'], 2, ['set', 0]);
  await page(['first'], 2, ['first', -1]);
  await page(['nowhere', 'no name', 'first'], 2000, null);
  await page(['nowhere', 'no name', 'first'], 1, null);
}

async function askAboutReplicas(engines: TwoEngines): Promise<void> {
  const some = [
    { topic: 'first', partitions: [0, 99] },
    { topic: 'nowhere', partitions: [0] },
  ];
  for (const electionType of [0, 1, 2]) {
    await engines.ask(`election of type ${electionType}`, apis.electLeaders, 2, {
      electionType,
      topicPartitions: some,
      timeoutMs: 10_000,
    });
  }
  const moves: readonly (readonly [string, number, readonly number[] | null])[] = [
    ['first', 0, [1]],
    ['first', 0, [2]],
    ['first', 0, []],
    ['first', 0, [1, 1]],
    ['first', 0, null],
    ['first', 99, [1]],
    ['nowhere', 0, [1]],
  ];
  for (const [name, partitionIndex, replicas] of moves) {
    await engines.ask(
      `move ${name}-${partitionIndex} to ${replicas?.join() ?? 'null'}`,
      apis.alterPartitionReassignments,
      1,
      {
        timeoutMs: 10_000,
        allowReplicationFactorChange: true,
        topics: [{ name, partitions: [{ partitionIndex, replicas }] }],
      },
    );
  }
  await engines.ask('moves under way', apis.listPartitionReassignments, 0, {
    timeoutMs: 10_000,
    topics: null,
  });
  await engines.ask('another log directory', apis.alterReplicaLogDirs, 2, {
    dirs: [
      {
        path: '/nowhere',
        topics: [
          { name: 'first', partitions: [0, 99] },
          { name: 'n'.repeat(249), partitions: [0] },
        ],
      },
    ],
  });
}

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
const unknownId = 'b3VibGlldHRlLXRlc3QtMQ';

async function deleteTopics(engines: TwoEngines): Promise<void> {
  const remove = (what: string, ...asked: readonly (readonly [string | null, string])[]): Promise<void> =>
    engines.ask(`delete: ${what}`, apis.deleteTopics, 6, {
      topics: asked.map(([name, topicId]) => ({ name, topicId })),
      timeoutMs: 10_000,
    });
  await remove('by name', ['single', zeroId]);
  await remove('again', ['single', zeroId]);
  await remove('a name that is none', ['no name', zeroId]);
  await remove('neither name nor id', [null, zeroId]);
  await remove('neither, twice', [null, zeroId], [null, zeroId]);
  await remove('both name and id', ['set', unknownId]);
  await remove('an unknown id', [null, unknownId]);
  await remove('one name twice', ['set', zeroId], ['set', zeroId]);
  await remove('one id twice', [null, unknownId], [null, unknownId]);
  await remove('two', ['set', zeroId], ['old', zeroId]);
  await engines.ask('delete in version 1', apis.deleteTopics, 1, {
    topicNames: ['good', 'nowhere'],
    timeoutMs: 10_000,
  });
}
