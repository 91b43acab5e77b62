import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { SampleLogger } from '../../src/startup/logger.js';

it('the logger writes warnings and errors once each ten seconds, with facts and without stacks', () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const logger = new SampleLogger(clock, (line) => lines.push(line));
  logger.log();
  logger.info();
  logger.warn('The outbox waits', { topic: 't', attempts: 2 });
  logger.warn('The outbox waits', { topic: 't', attempts: 3 });
  logger.warn('The outbox waits', { topic: 'other', attempts: 3 });
  logger.error('It broke', 'Error: secret\n    at somewhere', 'SomeService');
  logger.error('Twice', 'stack', 'ExceptionHandler');
  logger.error('Twice', 'stack', 'NestApplication');
  clock.advance(10_000);
  logger.warn('The outbox waits');
  assert.deepEqual(lines, [
    'warning: The outbox waits topic=t attempts=2',
    'warning: The outbox waits topic=other attempts=3',
    'error: It broke',
    'warning: The outbox waits',
  ]);
});
