import { openSimulatedLog, type SimulatedLog } from '@oubliette/broker/testing';
import {
  compactWorstCase,
  deleteWorstCase,
  readCleanupSettings,
  type CleanupSettings,
  type LogUse,
} from '@oubliette/privacy';
import fc from 'fast-check';

/** One configuration of a topic and its broker, by Kafka's names, and how the topic is used. Times in ms. */
export interface Configuration {
  readonly topic: Readonly<Record<string, string>>;
  readonly broker: Readonly<Record<string, string>>;
  readonly gapMs: number;
  /** How long a transaction that is open is, with the sweep that ends it; 0: nobody writes transactions. */
  readonly transactionMs: number;
  /** How far clients' clocks are ahead at most; 0 with LogAppendTime. */
  readonly aheadMs: number;
}

/** The needle of the record whose end is waited for. */
export const secret = 'SECRET-VALUE';

/** Kafka ends transactions that timed out in a sweep every 10 s. */
export const sweepMs = 10_000;
const longest = 1_000_000;
const time = (min: number) => fc.integer({ min, max: longest });
const clocks = fc.oneof(
  fc.constant({ 'message.timestamp.type': 'LogAppendTime', 'message.timestamp.after.max.ms': '3600000' }),
  time(1).map((ms) => ({
    'message.timestamp.type': 'CreateTime',
    'message.timestamp.after.max.ms': String(ms),
  })),
);

/** What has no part in the formula that is tried runs seldom, so that a try takes little. */
const unhurried = {
  'log.initial.task.delay.ms': '0',
  'log.cleaner.backoff.ms': '100000000',
  'log.retention.check.interval.ms': '100000000',
  'log.flush.offset.checkpoint.interval.ms': '100000000',
  'log.flush.start.offset.checkpoint.interval.ms': '100000000',
};

const asTexts = (times: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, String(ms)]));

const aheadOf = (clock: Readonly<Record<string, string>>): number =>
  clock['message.timestamp.type'] === 'LogAppendTime' ? 0 : Number(clock['message.timestamp.after.max.ms']);

export const deleteConfigurations: fc.Arbitrary<Configuration> = fc
  .record({
    clock: clocks,
    topic: fc.record({
      'segment.ms': time(1_000),
      'retention.ms': time(20_000),
      'file.delete.delay.ms': time(0),
    }),
    broker: fc.record({ 'log.retention.check.interval.ms': time(50_000) }),
    gapMs: time(100_000),
  })
  .map(({ clock, topic, broker, gapMs }) => ({
    topic: { 'cleanup.policy': 'delete', ...asTexts(topic), ...clock },
    broker: { ...unhurried, ...asTexts(broker) },
    gapMs,
    transactionMs: 0,
    aheadMs: aheadOf(clock),
  }));

export const compactConfigurations: fc.Arbitrary<Configuration> = fc
  .record({
    clock: clocks,
    topic: fc.record({ 'segment.ms': time(10_000), 'file.delete.delay.ms': time(0) }),
    // The broker takes no minimal lag above the maximal one.
    lags: fc.tuple(fc.oneof(fc.constant(0), time(1)), time(10_000)).map(([a, b]) => ({
      'min.compaction.lag.ms': Math.min(a, b),
      'max.compaction.lag.ms': Math.max(a, b),
    })),
    ratio: fc.constantFrom('0', '1'),
    broker: fc.record({ 'log.cleaner.backoff.ms': time(50_000) }),
    gapMs: time(50_000),
    transactionMs: fc.oneof(fc.constant(0), time(sweepMs + 1)),
  })
  .map(({ clock, topic, lags, ratio, broker, gapMs, transactionMs }) => ({
    topic: {
      'cleanup.policy': 'compact',
      'min.cleanable.dirty.ratio': ratio,
      ...asTexts({ ...topic, ...lags }),
      ...clock,
    },
    broker: {
      ...unhurried,
      ...asTexts(broker),
      ...(transactionMs > 0 && { 'transaction.max.timeout.ms': String(transactionMs - sweepMs) }),
    },
    gapMs,
    transactionMs,
    aheadMs: aheadOf(clock),
  }));

/** As the guard reads it. */
export function settingsOf({ topic, broker }: Configuration): CleanupSettings {
  return readCleanupSettings(topic, broker);
}

/** The guard's own figure for it, in ms. */
export function boundOf(configuration: Configuration): number {
  const { gapMs, transactionMs } = configuration;
  const settings = settingsOf(configuration);
  const use: LogUse = { gapMs, openTransactions: transactionMs > 0 };
  const { worstCaseMs } = settings.deletes ? deleteWorstCase(settings, use) : compactWorstCase(settings, use);
  if (worstCaseMs === null) throw new RangeError('every generated configuration has a bound');
  return worstCaseMs;
}

/** A log that has lived for `ageMs` already: where the broker's own rhythms stand is part of what is tried. */
export async function openAged(configuration: Configuration, ageMs: number): Promise<SimulatedLog> {
  const log = await openSimulatedLog(configuration.topic, configuration.broker);
  await log.advance(ageMs);
  return log;
}
