import { apis, type EncodableRequestOf } from '@oubliette/protocol';
import type { TwoEngines } from './two-engines.js';

/* What is asked of both engines about topics by name and id, about log directories, and with no time to answer. */

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
const unknownId = 'b3VibGlldHRlLXRlc3QtMQ';

type AskedTopic = NonNullable<EncodableRequestOf<'metadata'>['topics']>[number];

export async function askAboutMetadata(engines: TwoEngines): Promise<void> {
  await askByNameAndId(engines);
  await askToCreate(engines);
  await askWithoutTime(engines);
  await askAboutLogDirectories(engines);
}

async function askByNameAndId(engines: TwoEngines): Promise<void> {
  await engines.create('by-name', 'by.name', 'x'.repeat(249));
  const asked: readonly (readonly [string, readonly AskedTopic[]])[] = [
    ['neither name nor id', [{ name: null, topicId: zeroId }]],
    [
      'neither, and a name',
      [
        { name: null, topicId: zeroId },
        { name: 'by-name', topicId: zeroId },
      ],
    ],
    ['a name and an unknown id', [{ name: 'by-name', topicId: unknownId }]],
    [
      'an unknown id, and a name',
      [
        { name: null, topicId: unknownId },
        { name: 'by-name', topicId: zeroId },
      ],
    ],
    [
      'an unknown id twice',
      [
        { name: null, topicId: unknownId },
        { name: null, topicId: unknownId },
      ],
    ],
    [
      'a name of 249 and one of 250',
      [
        { name: 'x'.repeat(249), topicId: zeroId },
        { name: 'x'.repeat(250), topicId: zeroId },
      ],
    ],
    ['a name that collides', [{ name: 'by_name', topicId: zeroId }]],
    ['nothing', []],
  ];
  for (const version of [9, 10, 11, 12, 13]) {
    for (const [what, topics] of asked) {
      const hasIds = topics.some(({ topicId, name }) => topicId !== zeroId || name === null);
      if (version < 10 && hasIds) continue;
      await engines.look(`metadata v${version}: ${what}`, apis.metadata, version, {
        topics,
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: false,
      });
    }
  }
}

/** Versions before 4 cannot say that they want none created. */
async function askToCreate(engines: TwoEngines): Promise<void> {
  for (const version of [0, 1, 3, 4, 9, 13]) {
    for (const allowAutoTopicCreation of version < 4 ? [true] : [true, false]) {
      const name = `made-${version}-${allowAutoTopicCreation}`;
      const body = { topics: [{ name, topicId: zeroId }], allowAutoTopicCreation };
      await engines.ask(`metadata v${version} of ${name}`, apis.metadata, version, body);
      const look = { topics: [{ name, topicId: zeroId }], allowAutoTopicCreation: false };
      await engines.look(`${name} afterwards`, apis.metadata, 13, look);
    }
  }
  const collides = { topics: [{ name: 'by_name', topicId: zeroId }], allowAutoTopicCreation: true };
  await engines.ask('metadata of a name that would collide', apis.metadata, 13, collides);
  await engines.look('the name that would collide', apis.metadata, 13, {
    ...collides,
    allowAutoTopicCreation: false,
  });
}

async function askWithoutTime(engines: TwoEngines): Promise<void> {
  const one = (name: string) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  });
  for (const timeoutMs of [0, -1, 2_147_483_647]) {
    const name = `timed${timeoutMs}`;
    await engines.ask(`create in ${timeoutMs} ms`, apis.createTopics, 7, {
      topics: [one(name)],
      timeoutMs,
      validateOnly: false,
    });
    await engines.look(`created in ${timeoutMs} ms`, apis.metadata, 13, {
      topics: [{ name, topicId: zeroId }],
      allowAutoTopicCreation: false,
    });
    await engines.ask(`grow in ${timeoutMs} ms`, apis.createPartitions, 3, {
      topics: [{ name: 'by-name', count: 0, assignments: null }],
      timeoutMs,
      validateOnly: true,
    });
    const topicPartitions = [{ topic: 'by-name', partitions: [0] }];
    await engines.ask(`elect in ${timeoutMs} ms`, apis.electLeaders, 2, {
      electionType: 0,
      topicPartitions,
      timeoutMs,
    });
    await engines.ask(`move in ${timeoutMs} ms`, apis.alterPartitionReassignments, 0, {
      topics: [{ name: 'by-name', partitions: [{ partitionIndex: 0, replicas: [1] }] }],
      timeoutMs,
    });
    await engines.ask(`delete in ${timeoutMs} ms`, apis.deleteTopics, 6, {
      topics: [{ name: 'not-there', topicId: zeroId }],
      timeoutMs,
    });
  }
}

async function askAboutLogDirectories(engines: TwoEngines): Promise<void> {
  const asked: readonly EncodableRequestOf<'describeLogDirs'>['topics'][] = [
    [],
    [{ topic: 'by-name', partitions: [0, 9] }],
    [{ topic: 'nowhere', partitions: [0] }],
    [
      { topic: 'by-name', partitions: [] },
      { topic: 'by.name', partitions: [0] },
    ],
  ];
  for (const version of [1, 4]) {
    for (const topics of asked) {
      const what = (topics ?? []).map(({ topic }) => topic).join();
      await engines.look(`log directories v${version}: ${what}`, apis.describeLogDirs, version, { topics });
    }
  }
}
