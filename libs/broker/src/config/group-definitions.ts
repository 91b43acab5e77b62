import type { ConfigDefinition, ConfigType } from './definition.js';
import { atLeast, oneOf, shareOffsetReset, type ValueCheck } from './value-check.js';

/** A group's setting; the broker's `group.<name>` holds its default. */
function group(name: string, type: ConfigType, defaultValue: string, check: ValueCheck): ConfigDefinition {
  const about =
    'A setting of consumer, share or streams groups; classic groups, which this broker serves, have none.';
  return { name, type, defaultValue, check, about, hasEffect: false };
}

/** Kafka 4.1.1's group settings (GroupConfig). */
export const groupDefinitions: readonly ConfigDefinition[] = [
  group('consumer.heartbeat.interval.ms', 'int', '5000', atLeast(1)),
  group('consumer.session.timeout.ms', 'int', '45000', atLeast(1)),
  group('share.auto.offset.reset', 'string', 'latest', shareOffsetReset),
  group('share.heartbeat.interval.ms', 'int', '5000', atLeast(1)),
  group('share.isolation.level', 'string', 'read_uncommitted', oneOf('read_committed', 'read_uncommitted')),
  group('share.record.lock.duration.ms', 'int', '30000', atLeast(1000)),
  group('share.session.timeout.ms', 'int', '45000', atLeast(1)),
  group('streams.heartbeat.interval.ms', 'int', '5000', atLeast(1)),
  group('streams.num.standby.replicas', 'int', '0', atLeast(0)),
  group('streams.session.timeout.ms', 'int', '45000', atLeast(1)),
];

/** Bounds that the broker's settings put on a group's: [group's, broker's lower, broker's upper] (GroupConfig.validateValues). */
export const groupBounds: readonly (readonly [string, string | null, string])[] = [
  [
    'consumer.heartbeat.interval.ms',
    'group.consumer.min.heartbeat.interval.ms',
    'group.consumer.max.heartbeat.interval.ms',
  ],
  [
    'consumer.session.timeout.ms',
    'group.consumer.min.session.timeout.ms',
    'group.consumer.max.session.timeout.ms',
  ],
  [
    'share.heartbeat.interval.ms',
    'group.share.min.heartbeat.interval.ms',
    'group.share.max.heartbeat.interval.ms',
  ],
  ['share.session.timeout.ms', 'group.share.min.session.timeout.ms', 'group.share.max.session.timeout.ms'],
  [
    'share.record.lock.duration.ms',
    'group.share.min.record.lock.duration.ms',
    'group.share.max.record.lock.duration.ms',
  ],
  [
    'streams.heartbeat.interval.ms',
    'group.streams.min.heartbeat.interval.ms',
    'group.streams.max.heartbeat.interval.ms',
  ],
  [
    'streams.session.timeout.ms',
    'group.streams.min.session.timeout.ms',
    'group.streams.max.session.timeout.ms',
  ],
  ['streams.num.standby.replicas', null, 'group.streams.max.standby.replicas'],
];

const metrics = (name: string, type: ConfigType, defaultValue: string, about: string): ConfigDefinition => ({
  name,
  type,
  defaultValue,
  about,
  hasEffect: false,
});

/** Kafka 4.1.1's settings of a client metrics subscription (ClientMetricsConfigs); kept and shown, nothing is collected. */
export const clientMetricsDefinitions: readonly ConfigDefinition[] = [
  metrics('interval.ms', 'int', '300000', 'How often a client would send its metrics.'),
  metrics('match', 'list', '', 'Which clients would send metrics.'),
  metrics('metrics', 'list', '', 'Prefixes of the metrics that would be sent.'),
];
