import { KafkaError } from '@oubliette/protocol';
import { BrokerError } from '../errors.js';
import { baseName, type BrokerConfig, brokerDefinition } from './broker-config.js';
import { checkValue, type ConfigDefinition } from './definition.js';
import { clientMetricsDefinitions, groupBounds, groupDefinitions } from './group-definitions.js';

/** A resource's own settings. */
export type Settings = Readonly<Record<string, string>>;

/** SslConfigs.RECONFIGURABLE_CONFIGS: changed for one listener, never for the broker. */
const tlsOfListeners: ReadonlySet<string> = new Set([
  'ssl.keystore.type',
  'ssl.keystore.location',
  'ssl.keystore.password',
  'ssl.key.password',
  'ssl.truststore.type',
  'ssl.truststore.location',
  'ssl.truststore.password',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.key',
  'ssl.truststore.certificates',
]);

/** Runs a check whose refusal becomes Kafka's code. */
export function refuseAs(code: 'INVALID_CONFIG' | 'INVALID_REQUEST', check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof BrokerError) throw new KafkaError(code, error.message, { cause: error });
    throw error;
  }
}

/**
 * What Kafka allows to be changed on a broker or on all (DynamicBrokerConfig.validateConfigs); a name it does not know is kept, as
 * a plug-in's would be. Throws INVALID_REQUEST.
 */
export function checkDynamicSettings(settings: Settings, isOwn: boolean): void {
  const names = Object.keys(settings);
  const refuse = (text: string, refused: readonly string[], set = 'Set'): void => {
    if (refused.length > 0) throw new KafkaError('INVALID_REQUEST', `${text}: ${set}(${refused.join(', ')})`);
  };
  refuse(
    'Cannot update these configs dynamically',
    names.filter((name) => brokerDefinition(name)?.update === 'read-only'),
  );
  refuse(
    'These security configs can be dynamically updated only per-listener using the listener prefix',
    names.filter((name) => tlsOfListeners.has(name)),
    'HashSet',
  );
  refuseAs('INVALID_REQUEST', () => {
    for (const [name, value] of Object.entries(settings)) {
      const definition = brokerDefinition(baseName(name));
      if (definition !== undefined && definition.update !== 'read-only') checkValue(definition, value);
    }
  });
  if (isOwn) return;
  refuse(
    'Cannot update these configs at default cluster level, broker id must be specified',
    names.filter((name) => brokerDefinition(baseName(name))?.update === 'per-broker'),
  );
}

/** Throws INVALID_CONFIG (GroupConfig.validate). */
export function checkGroupSettings(settings: Settings, broker: BrokerConfig): void {
  const invalid = (text: string): never => {
    throw new KafkaError('INVALID_CONFIG', text);
  };
  for (const name of Object.keys(settings)) {
    if (!groupDefinitions.some((known) => known.name === name)) invalid(`Unknown group config name: ${name}`);
  }
  const values = new Map<string, number>();
  refuseAs('INVALID_CONFIG', () => {
    for (const definition of groupDefinitions)
      values.set(definition.name, Number(valueOf(definition, settings)));
  });
  const number = (name: string): number => values.get(name) ?? 0;
  for (const [name, lower, upper] of groupBounds) {
    if (lower !== null && number(name) < broker.number(lower)) {
      invalid(`${name} must be greater than or equal to ${lower}`);
    }
    if (number(name) > broker.number(upper)) invalid(`${name} must be less than or equal to ${upper}`);
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    if (number(session) <= number(heartbeat)) invalid(`${session} must be greater than ${heartbeat}`);
  }
}

/** The value in force of a resource whose settings have no other place. */
export function valueOf(definition: ConfigDefinition, settings: Settings): string | null {
  const own = settings[definition.name];
  return own === undefined ? definition.defaultValue : checkValue(definition, own);
}

const matchable = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
];

/** Throws INVALID_REQUEST and INVALID_CONFIG as ClientMetricsConfigs.validate does. */
export function checkClientMetricsSettings(settings: Settings): void {
  for (const name of Object.keys(settings)) {
    if (!clientMetricsDefinitions.some((known) => known.name === name)) {
      throw new KafkaError('INVALID_REQUEST', `Unknown client metrics configuration: ${name}`);
    }
  }
  const values = new Map<string, string | null>();
  refuseAs('INVALID_CONFIG', () => {
    for (const definition of clientMetricsDefinitions)
      values.set(definition.name, valueOf(definition, settings));
  });
  const interval = Number(values.get('interval.ms'));
  if (interval < 100 || interval > 3_600_000) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `Invalid value ${interval} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
    );
  }
  const patterns = values.get('match') ?? '';
  for (const pattern of patterns === '' ? [] : patterns.split(',')) {
    const [name = '', value = '', ...more] = pattern.split('=');
    if (!matchable.includes(name.trim()) || value === '' || more.length > 0) {
      throw new KafkaError('INVALID_CONFIG', `Illegal client matching pattern: ${pattern}`);
    }
  }
}
