import { apis } from '@oubliette/protocol';
import { settingsOfBoth } from './describe-steps.js';
import type { TwoEngines } from './two-engines.js';

/* What is asked of both engines about configurations. */

const [topic, broker, brokerLogger, clientMetrics, group] = [2, 4, 8, 16, 32] as const;

/** resource type, resource name, settings: null is no value */
type Alter = readonly [number, string, readonly (readonly [string, string | null])[]];
/** resource type, resource name, [name, operation, value] */
type Increment = readonly [number, string, readonly (readonly [string, number, string | null])[]];

const [set, remove, append, subtract] = [0, 1, 2, 3] as const;

/** Topic settings that are taken or refused, by IncrementalAlterConfigs with validate_only. */
const topicValues: readonly (readonly [string, string])[] = [
  ['retention.ms', '1000'],
  ['retention.ms', '-1'],
  ['retention.ms', '-2'],
  ['retention.ms', 'many'],
  ['retention.ms', '1.5'],
  ['retention.ms', ''],
  ['retention.ms', ' 7 '],
  ['retention.ms', '+7'],
  ['retention.ms', '9223372036854775808'],
  ['retention.bytes', '-7'],
  ['segment.bytes', '1048575'],
  ['segment.bytes', '1048576'],
  ['segment.bytes', '2147483648'],
  ['internal.segment.bytes', '1024'],
  ['segment.ms', '0'],
  ['segment.index.bytes', '3'],
  ['segment.jitter.ms', '-1'],
  ['cleanup.policy', 'compact,delete'],
  ['cleanup.policy', ' compact , delete '],
  ['cleanup.policy', 'shred'],
  ['cleanup.policy', 'delete,shred'],
  ['cleanup.policy', ''],
  ['cleanup.policy', 'delete,'],
  ['compression.type', 'gzip'],
  ['compression.type', 'none'],
  ['compression.type', 'GZIP'],
  ['compression.gzip.level', '0'],
  ['compression.gzip.level', '-1'],
  ['compression.gzip.level', '10'],
  ['compression.lz4.level', '18'],
  ['compression.zstd.level', '-131073'],
  ['compression.zstd.level', '23'],
  ['min.cleanable.dirty.ratio', '1.1'],
  ['min.cleanable.dirty.ratio', '-0.1'],
  ['min.cleanable.dirty.ratio', '1'],
  ['min.cleanable.dirty.ratio', '5e-1'],
  ['min.cleanable.dirty.ratio', 'half'],
  ['max.compaction.lag.ms', '0'],
  ['min.compaction.lag.ms', '-1'],
  ['min.insync.replicas', '0'],
  ['min.insync.replicas', '2'],
  ['max.message.bytes', '-1'],
  ['message.timestamp.type', 'logappendtime'],
  ['message.timestamp.after.max.ms', '-1'],
  ['message.timestamp.difference.max.ms', '1'],
  ['preallocate', 'yes'],
  ['preallocate', 'TRUE'],
  ['flush.messages', '0'],
  ['flush.ms', '0'],
  ['unclean.leader.election.enable', 'true'],
  ['remote.storage.enable', 'true'],
  ['remote.storage.enable', 'false'],
  ['local.retention.ms', '-3'],
  ['local.retention.ms', '5'],
  ['follower.replication.throttled.replicas', '*'],
  ['follower.replication.throttled.replicas', '0:1,1:1'],
  ['leader.replication.throttled.replicas', 'all'],
  ['leader.replication.throttled.replicas', '0:1,x'],
  ['no.such.thing', '1'],
  ['log.retention.ms', '1'],
  ['retention.ms', '9'.repeat(40_000)],
];

/** Broker settings, by IncrementalAlterConfigs with validate_only on this broker and on all. */
const brokerValues: readonly (readonly [string, string])[] = [
  ['log.retention.ms', '5000'],
  ['log.retention.ms', '0'],
  ['log.retention.hours', '1'],
  ['log.roll.ms', '0'],
  ['log.cleaner.backoff.ms', '7'],
  ['log.cleaner.backoff.ms', '-1'],
  ['log.cleaner.backoff.ms', 'soon'],
  ['log.cleaner.dedupe.buffer.size', '1024'],
  ['log.cleaner.min.cleanable.ratio', '2'],
  ['log.cleanup.policy', 'compact'],
  ['log.cleanup.policy', 'shred'],
  ['log.segment.bytes', '1'],
  ['message.max.bytes', '-1'],
  ['compression.type', 'bzip2'],
  ['num.partitions', '3'],
  ['node.id', '2'],
  ['auto.create.topics.enable', 'false'],
  ['foreign.setting', 'kept'],
  ['max.connections', '-1'],
  ['max.connections', '100'],
  ['max.connections', '0'],
  ['max.connection.creation.rate', '0'],
  ['max.connection.creation.rate', '5'],
  ['quota.window.num', '5'],
  ['listener.name.plaintext.max.connections', '0'],
  ['listener.name.plaintext.max.connections', '7'],
  ['listener.name.plaintext.max.connections', 'many'],
  ['listener.name.plaintext.max.connection.creation.rate', '0'],
  ['listener.name.plaintext.max.connection.creation.rate', '5'],
  ['listener.name.other.max.connections', '0'],
  ['listener.name.other.max.connections', '7'],
  ['min.insync.replicas', '0'],
  ['ssl.keystore.type', 'PEM'],
  ['ssl.protocol', 'TLS'],
  ['listener.name.plaintext.ssl.keystore.type', 'PEM'],
  ['unclean.leader.election.enable', 'maybe'],
];

/** What each engine can take only once or is told in a certain form: several changes, operations, resources. */
const increments: readonly (readonly [string, readonly Increment[]])[] = [
  ['append to a list', [[topic, 'alter', [['cleanup.policy', append, 'compact']]]]],
  ['append what is there', [[topic, 'alter', [['cleanup.policy', append, 'delete,compact']]]]],
  ['subtract one', [[topic, 'alter', [['cleanup.policy', subtract, 'delete']]]]],
  ['subtract the rest', [[topic, 'alter', [['cleanup.policy', subtract, 'compact']]]]],
  ['append to what is no list', [[topic, 'alter', [['segment.ms', append, '1']]]]],
  ['subtract from an unknown name', [[topic, 'alter', [['no.such.thing', subtract, '1']]]]],
  ['an operation that is none', [[broker, '1', [['log.cleanup.policy', 9, 'compact']]]]],
  ['set without a value', [[topic, 'alter', [['segment.ms', set, null]]]]],
  ['delete without a value', [[topic, 'alter', [['segment.ms', remove, null]]]]],
  ['delete an unknown name', [[topic, 'alter', [['no.such.thing', remove, null]]]]],
  [
    'one name twice',
    [
      [
        topic,
        'alter',
        [
          ['segment.ms', set, '5'],
          ['segment.ms', set, '6'],
        ],
      ],
    ],
  ],
  ['no change', [[topic, 'alter', []]]],
  [
    'one resource twice',
    [
      [topic, 'alter', [['segment.ms', set, '5']]],
      [topic, 'alter', [['segment.ms', set, '6']]],
    ],
  ],
  [
    'one good and one bad',
    [
      [
        topic,
        'alter',
        [
          ['segment.ms', set, '500'],
          ['retention.ms', set, 'x'],
        ],
      ],
    ],
  ],
  [
    'lags that contradict',
    [
      [
        topic,
        'alter',
        [
          ['min.compaction.lag.ms', set, '9'],
          ['max.compaction.lag.ms', set, '8'],
        ],
      ],
    ],
  ],
  ['a topic that is not there', [[topic, 'nowhere', [['segment.ms', set, '5']]]]],
  ['a bad value of a topic that is not there', [[topic, 'nowhere', [['segment.ms', set, 'x']]]]],
  ['a topic name that is none', [[topic, 'no name', [['segment.ms', set, '5']]]]],
  ['all topics', [[topic, '', [['segment.ms', set, '5']]]]],
  ['a broker that is none', [[broker, 'one', [['log.cleaner.backoff.ms', set, '5']]]]],
  ['another broker', [[broker, '7', [['log.cleaner.backoff.ms', set, '5']]]]],
  ['append to a broker list', [[broker, '1', [['log.cleanup.policy', append, 'compact']]]]],
  ['append to a broker setting that is no list', [[broker, '1', [['log.cleaner.backoff.ms', append, '5']]]]],
  ['subtract from the broker list', [[broker, '1', [['log.cleanup.policy', subtract, 'compact']]]]],
  [
    'set for all brokers',
    [
      [
        broker,
        '',
        [
          ['log.retention.ms', set, '123456'],
          ['log.cleaner.backoff.ms', set, '499'],
        ],
      ],
    ],
  ],
  [
    'set for this broker',
    [
      [
        broker,
        '1',
        [
          ['log.cleaner.backoff.ms', set, '498'],
          ['log.segment.delete.delay.ms', set, '1234'],
        ],
      ],
    ],
  ],
  ['a foreign setting', [[broker, '1', [['foreign.setting', set, 'secret']]]]],
  ['a logger that is none', [[brokerLogger, '1', [['no.such.Logger', set, 'DEBUG']]]]],
  ['a logger of another broker', [[brokerLogger, '7', [['no.such.Logger', set, 'DEBUG']]]]],
  ['a group', [[group, 'g', [['consumer.session.timeout.ms', set, '50000']]]]],
  ['a group out of its bounds', [[group, 'g', [['consumer.session.timeout.ms', set, '5']]]]],
  ['a group with an unknown name', [[group, 'g', [['session', set, '5']]]]],
  ['a group without a name', [[group, '', [['consumer.session.timeout.ms', set, '50000']]]]],
  [
    'a subscription',
    [
      [
        clientMetrics,
        'm',
        [
          ['interval.ms', set, '1000'],
          ['metrics', append, 'a.b,c'],
        ],
      ],
    ],
  ],
  ['a subscription too often', [[clientMetrics, 'm', [['interval.ms', set, '1']]]]],
  ['a subscription with an unknown name', [[clientMetrics, 'm', [['often', set, '1']]]]],
  ['a subscription with a pattern that is none', [[clientMetrics, 'm', [['match', set, 'x']]]]],
  ['a subscription without a name', [[clientMetrics, '', [['interval.ms', set, '1000']]]]],
  ['an unknown kind', [[5, 'x', [['a', set, 'b']]]]],
];

const wholes: readonly (readonly [string, readonly Alter[]])[] = [
  [
    'replace all',
    [
      [
        topic,
        'alter',
        [
          ['segment.ms', '60000'],
          ['cleanup.policy', 'compact'],
        ],
      ],
    ],
  ],
  ['an empty replacement', [[topic, 'alter', []]]],
  ['without a value', [[topic, 'alter', [['segment.ms', null]]]]],
  ['a bad value', [[topic, 'alter', [['segment.ms', 'x']]]]],
  ['an unknown name', [[topic, 'alter', [['no.such.thing', 'x']]]]],
  [
    'one resource twice',
    [
      [topic, 'alter', [['segment.ms', '5']]],
      [topic, 'alter', [['segment.ms', '6']]],
    ],
  ],
  ['a topic that is not there', [[topic, 'nowhere', [['segment.ms', '5']]]]],
  ['a logger', [[brokerLogger, '1', [['root', 'DEBUG']]]]],
  ['replace what this broker has', [[broker, '1', [['log.cleaner.backoff.ms', '497']]]]],
  ['replace what all brokers have', [[broker, '', [['log.roll.ms', '777777']]]]],
  ['an unknown kind', [[5, 'x', [['a', 'b']]]]],
];

export async function askAboutAltering(engines: TwoEngines): Promise<void> {
  const increment = (what: string, resources: readonly Increment[], validateOnly: boolean): Promise<void> =>
    engines.ask(`incremental: ${what}`, apis.incrementalAlterConfigs, 1, {
      validateOnly,
      resources: resources.map(([resourceType, resourceName, configs]) => ({
        resourceType,
        resourceName,
        configs: configs.map(([name, configOperation, value]) => ({ name, configOperation, value })),
      })),
    });
  const describe = async (what: string, kind: number): Promise<void> => {
    const places = [
      [topic, 'alter', null],
      [broker, '', null],
      [broker, '1', settingsOfBoth],
      [topic, 'describe', null],
      [group, 'g', null],
      [clientMetrics, 'm', null],
    ] as const;
    // What is changed for brokers shows in topics too.
    const touched = places.filter(([type]) => type === kind || (kind === broker && type === topic));
    for (const [resourceType, resourceName, configurationKeys] of touched) {
      await engines.look(
        `${what}, then describe ${resourceType} '${resourceName}'`,
        apis.describeConfigs,
        4,
        {
          resources: [{ resourceType, resourceName, configurationKeys }],
          includeSynonyms: true,
          includeDocumentation: false,
        },
      );
    }
  };
  for (const [name, value] of topicValues) {
    await increment(`topic ${name}=${value.slice(0, 40)}`, [[topic, 'alter', [[name, set, value]]]], true);
  }
  for (const [name, value] of brokerValues) {
    await increment(`broker ${name}=${value}`, [[broker, '1', [[name, set, value]]]], true);
    await increment(`all brokers ${name}=${value}`, [[broker, '', [[name, set, value]]]], true);
  }
  for (const [what, resources] of increments) {
    await increment(what, resources, false);
    await describe(what, resources[0]?.[0] ?? topic);
  }
  for (const [what, resources] of wholes) {
    await engines.ask(`whole: ${what}`, apis.alterConfigs, 2, {
      validateOnly: false,
      resources: resources.map(([resourceType, resourceName, configs]) => ({
        resourceType,
        resourceName,
        configs: configs.map(([name, value]) => ({ name, value })),
      })),
    });
    await describe(what, resources[0]?.[0] ?? topic);
  }
}
