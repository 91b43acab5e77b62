import { BrokerError } from '../errors.js';

/** Settings that can be asked for what is in force. */
interface Settings {
  value(name: string): string | null;
  number(name: string): number;
  listenerNumber(name: string): number;
}

/** Pools of threads: a change may at most double or halve them (DynamicThreadPool, DynamicRemoteLogConfig, SocketServer). */
const threadPools = [
  'background.threads',
  'num.io.threads',
  'num.network.threads',
  'num.recovery.threads.per.data.dir',
  'num.replica.fetchers',
  'remote.log.manager.copier.thread.pool.size',
  'remote.log.manager.expiration.thread.pool.size',
  'remote.log.reader.threads',
];
const aboveZero = ['max.connections', 'max.connection.creation.rate'];
const listeners = ['listeners', 'listener.security.protocol.map'];
const jmxReporter = 'org.apache.kafka.common.metrics.JmxReporter';
const inherited = -2;
const unlimited = -1;

/**
 * What Kafka refuses to change in a running broker though the value alone would be allowed (the Reconfigurables of
 * DynamicBrokerConfig). Throws `CONFIG_INVALID` in Kafka's words.
 */
export function checkReconfiguration(current: Settings, next: Settings): void {
  refuseListeners(current, next);
  const isChanged = (name: string): boolean => current.value(name) !== next.value(name);
  for (const name of threadPools) if (isChanged(name)) checkThreads(name, current.number(name), next);
  if (isChanged('log.cleaner.threads')) checkCleanerThreads(current, next);
  for (const name of aboveZero) {
    if (isChanged(name) && next.number(name) <= 0) refuse(`Invalid ${name} ${next.number(name)}`);
    const [from, to] = [current.listenerNumber(name), next.listenerNumber(name)];
    if (from !== to && to <= 0) refuse(`Invalid ${name} ${to}`);
  }
  checkLocalRetention(next, 'ms');
  checkLocalRetention(next, 'bytes');
  if (isChanged('metric.reporters')) checkReporters(next.value('metric.reporters') ?? '');
}

function refuse(why: string): never {
  const cause = `org.apache.kafka.common.config.ConfigException: ${why}`;
  throw new BrokerError(
    'CONFIG_INVALID',
    `Invalid value ${cause} for configuration Invalid dynamic configuration`,
  );
}

/** Kafka opens and closes listeners while it runs, except the controller's; here they stand as they were at the start. */
function refuseListeners(current: Settings, next: Settings): void {
  for (const name of listeners) {
    if (current.value(name) === next.value(name)) continue;
    throw new BrokerError(
      'CONFIG_INVALID',
      `${name} cannot be changed while this broker runs: restart it with the listener it shall have`,
    );
  }
}

function checkThreads(name: string, current: number, next: Settings): void {
  const wanted = next.number(name);
  const refuseThreads = (why: string): never =>
    refuse(`Dynamic thread count update validation failed for ${name}=${wanted}, ${why}`);
  if (wanted <= 0) refuseThreads('value should be at least 1');
  if (wanted < Math.floor(current / 2)) {
    refuseThreads(`value should be at least half the current value ${current}`);
  }
  if (wanted > current * 2) {
    refuseThreads(`value should not be greater than double the current value ${current}`);
  }
}

function checkCleanerThreads(current: Settings, next: Settings): void {
  const name = 'log.cleaner.threads';
  const [from, to] = [current.number(name), next.number(name)];
  if (to < Math.floor(from / 2)) {
    refuse(`Log cleaner threads cannot be reduced to less than half the current value ${from}`);
  }
  if (to > from * 2) {
    refuse(`Log cleaner threads cannot be increased to more than double the current value ${from}`);
  }
}

function checkLocalRetention(next: Settings, unit: 'ms' | 'bytes'): void {
  const name = `log.local.retention.${unit}`;
  const value = next.value(name) ?? '';
  const local = Number(value);
  const whole = unit === 'ms' ? retentionMs(next) : Number(next.value('log.retention.bytes'));
  if (local === inherited || whole <= unlimited) return;
  const invalid = (why: string): never => refuse(`Invalid value ${value} for configuration ${name}: ${why}`);
  if (local === unlimited) invalid(`Value must not be -1 as log.retention.${unit} value is set as ${whole}.`);
  if (local > whole) invalid(`Value must not be more than log.retention.${unit} property value: ${whole}`);
}

function retentionMs(next: Settings): number {
  const millis = next.value('log.retention.ms');
  if (millis !== null) return Number(millis);
  const minutes = next.value('log.retention.minutes');
  const value = minutes === null ? next.number('log.retention.hours') * 60 : Number(minutes);
  return value < 0 ? unlimited : value * 60_000;
}

/** Reporters are classes; only Kafka's own is known. */
function checkReporters(value: string): void {
  if (value === '' || value.split(',').every((name) => name === jmxReporter)) return;
  refuse(
    'Validation of dynamic config update of Set(metric.reporters) failed with class class kafka.server.DynamicMetricsReporters',
  );
}
