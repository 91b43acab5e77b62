import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { SampleLogger } from '../../src/startup/logger.js';

it('the logger writes warnings and errors, now and then, with facts and without stacks', () => {
  const clock = new ManualClock();
  const written: string[] = [];
  const logger = new SampleLogger(clock, (line) => written.push(line));
  logger.log();
  logger.lines.info('joined');
  logger.lines.warn('The outbox waits', { topic: 't', attempts: 2 });
  logger.lines.warn('The outbox waits', { topic: 't', attempts: 3 });
  logger.lines.error('The outbox waits', { topic: 'other' });
  logger.warn('It is slow');
  logger.warn('It is slow');
  logger.error('It broke', 'Error: secret\n    at somewhere', 'SomeService');
  logger.error('Twice', 'stack', 'ExceptionHandler');
  logger.error('Twice', 'stack', 'NestApplication');
  clock.advance(30_000);
  logger.warn('It is slow');
  assert.deepEqual(written, [
    'warning: The outbox waits topic=t attempts=2',
    'error: The outbox waits topic=other',
    'warning: It is slow',
    'error: It broke',
    'warning: It is slow heldBack=1',
  ]);
});
