import { Option, type Command } from 'commander';
import { erasureWays, type ErasureWay } from '@oubliette/privacy';
import { duration } from './option-values.js';
import type { TopicQuestion } from './topic-roles.js';

/** What every command of the guard is told that holds topics of a cluster against a deadline. */
export interface DeadlineOptions {
  readonly deadline: number;
  readonly erasure?: ErasureWay;
  readonly keyTopic?: string;
  readonly gap?: number;
  readonly readersAway?: number;
}

export function addDeadlineOptions(command: Command): Command {
  return command
    .requiredOption('--deadline <duration>', 'when bytes must be gone', duration)
    .addOption(
      new Option(
        '--erasure <way>',
        'how a forgotten user’s records end, as the application declares it; without: with the keys alone',
      ).choices(erasureWays),
    )
    .option('--key-topic <name>', 'the topic of the user keys')
    .option('--gap <duration>', 'longest pause between appends to a compacted partition', duration)
    .option(
      '--readers-away <duration>',
      'longest time that a reader of a compacted topic may be away',
      duration,
    );
}

type AskedOfTopics = Pick<TopicQuestion, 'keyTopic' | 'erasure' | 'gapMs' | 'readersLongestOutageMs'> & {
  readonly deadlineMs: number;
};

export function deadlineQuestion(options: DeadlineOptions): AskedOfTopics {
  const { deadline, erasure, keyTopic, gap, readersAway } = options;
  return {
    deadlineMs: deadline,
    ...(erasure !== undefined && { erasure }),
    ...(keyTopic !== undefined && { keyTopic }),
    ...(gap !== undefined && { gapMs: gap }),
    ...(readersAway !== undefined && { readersLongestOutageMs: readersAway }),
  };
}
