import { InvalidArgumentError, type Command } from 'commander';
import { planPartitions } from '@oubliette/privacy';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { counted } from '../counted.js';

interface PlanOptions {
  readonly throughput: number;
  readonly producers: number;
  readonly perProducer: number;
  readonly consumers: number;
  readonly perConsumer: number;
}

export function addPlanCommand(program: Command, context: CliContext): void {
  const partitions = program
    .command('plan')
    .description('capacity on paper')
    .command('partitions')
    .description('how many partitions a throughput needs, and what they cost')
    .requiredOption('--throughput <MB/s>', 'of the whole topic', number)
    .requiredOption('--producers <count>', 'that write at once', number)
    .requiredOption('--per-producer <MB/s>', 'of one producer on one partition', number)
    .requiredOption('--consumers <count>', 'that read at once', number)
    .requiredOption('--per-consumer <MB/s>', 'of one consumer on one partition', number);
  answers<PlanOptions>(partitions, context, (options) => {
    const { throughput, producers, perProducer, consumers, perConsumer } = options;
    const plan = planPartitions({ throughput, producers, perProducer, consumers, perConsumer });
    return {
      document: plan,
      lines: [
        `${counted(plan.partitions, 'partition')}, limited by the ${plan.limitedBy} ` +
          `(producers need ${plan.forProducers}, consumers ${plan.forConsumers}).`,
        `Open files for active segments on each replica: ${plan.openFiles}.`,
        ...plan.notes,
      ],
    };
  });
}

function number(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('Give a number.');
  return value;
}
