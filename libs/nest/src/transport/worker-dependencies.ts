import type { OublietteEngine } from '../engine/engine.js';
import type { Metrics } from '../metrics/metrics.js';
import type { DeadLetters } from './dead-letters.js';

/** What the workers of all groups share. */
export interface WorkerDependencies {
  readonly engine: Pick<OublietteEngine, 'codec'>;
  readonly deadLetters: DeadLetters;
  readonly metrics: Metrics;
  readonly handlerAttempts: number;
  readonly logger: { warn(message: string): void; error(message: string): void };
}
