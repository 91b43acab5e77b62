import type { ConfigDefinition, ConfigType } from './definition.js';

/** Whether a setting may be changed while the broker runs, and for whom (DynamicBrokerConfig). */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

/** A broker setting. */
export interface BrokerConfigDefinition extends ConfigDefinition {
  readonly update: UpdateMode;
  /** Not shown by DescribeConfigs. */
  readonly internal: boolean;
}

type Rest = Partial<Pick<BrokerConfigDefinition, 'check' | 'update' | 'internal'>>;

/** A setting that this broker acts on. */
export function served(
  name: string,
  type: ConfigType,
  defaultValue: string | null,
  about: string,
  rest: Rest = {},
): BrokerConfigDefinition {
  return { name, type, defaultValue, about, hasEffect: true, update: 'read-only', internal: false, ...rest };
}

const aboutAccepted =
  'A setting of Apache Kafka that is checked, kept and shown, and has no effect on this broker.';

/** A setting that Kafka knows and that has nothing to act on in one process without replication. */
export function accepted(
  name: string,
  type: ConfigType,
  defaultValue: string | null,
  rest: Rest = {},
): BrokerConfigDefinition {
  return { ...served(name, type, defaultValue, aboutAccepted, rest), hasEffect: false };
}
