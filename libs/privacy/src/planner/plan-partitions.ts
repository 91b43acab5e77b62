import { PrivacyError } from '../errors.js';

/** Rates in any one unit, e.g. MB/s. `perProducer` and `perConsumer`: what one does on one partition. */
export interface PartitionDemand {
  readonly throughput: number;
  readonly producers: number;
  readonly perProducer: number;
  readonly consumers: number;
  readonly perConsumer: number;
}

export interface PartitionPlan {
  /** The fewest partitions that carry the throughput when all producers and all consumers work on each. */
  readonly partitions: number;
  readonly limitedBy: 'producers' | 'consumers';
  readonly forProducers: number;
  readonly forConsumers: number;
  /** What the consumers need when they share one group, where a partition has one reader. */
  readonly forOneGroup: number;
  /** Open files for the active segments on each replica: .log, .index, .timeindex. */
  readonly openFiles: number;
  readonly notes: readonly string[];
}

/**
 * max(⌈T ÷ (producers × perProducer)⌉, ⌈T ÷ (consumers × perConsumer)⌉): each side's rate on one partition is what its
 * members reach together. Throws PrivacyError PLAN_INPUT_INVALID.
 */
export function planPartitions(demand: PartitionDemand): PartitionPlan {
  const { throughput, producers, perProducer, consumers, perConsumer } = demand;
  for (const [name, value] of Object.entries({ throughput, perProducer, perConsumer })) {
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw invalid(name, value, 'a number above 0');
  }
  for (const [name, value] of Object.entries({ producers, consumers })) {
    if (!(Number.isSafeInteger(value) && value > 0)) throw invalid(name, value, 'a whole number above 0');
  }
  const forProducers = covering(throughput, producers * perProducer);
  const forConsumers = covering(throughput, consumers * perConsumer);
  const partitions = Math.max(forProducers, forConsumers);
  if (!Number.isSafeInteger(partitions))
    throw new PrivacyError(
      'PLAN_INPUT_INVALID',
      'The throughput is out of all proportion to the rates: check the units.',
    );
  const forOneGroup = covering(throughput, perConsumer);
  return {
    partitions,
    limitedBy: forProducers >= forConsumers ? 'producers' : 'consumers',
    forProducers,
    forConsumers,
    forOneGroup,
    openFiles: 3 * partitions,
    notes: notesOn(demand, partitions, forOneGroup),
  };
}

/** How many times `rate` goes into `whole`, rounded up; a rounding error of the division does not add one. */
function covering(whole: number, rate: number): number {
  const exact = whole / rate;
  const near = Math.round(exact);
  return Math.max(1, Math.abs(exact - near) <= 1e-12 * Math.abs(exact) ? near : Math.ceil(exact));
}

function notesOn(demand: PartitionDemand, partitions: number, forOneGroup: number): string[] {
  const { consumers } = demand;
  const notes = [
    'More partitions later move keys to other partitions: order per key starts anew, and a key topic cannot grow at all.',
  ];
  if (forOneGroup > partitions)
    notes.push(
      `Consumers of one group do not share a partition: a single group needs ${forOneGroup} partitions and as many consumers.`,
    );
  if (consumers > partitions)
    notes.push(`In one group ${consumers - partitions} of ${consumers} consumers would stand idle.`);
  return notes;
}

function invalid(name: string, value: number, expected: string): PrivacyError {
  return new PrivacyError('PLAN_INPUT_INVALID', `${name} is ${value}. Give ${expected}.`);
}
