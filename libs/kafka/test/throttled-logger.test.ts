import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import type { LogFields, Logger } from '../src/logger.js';
import { ThrottledLogger } from '../src/throttled-logger.js';

function throttled(): { clock: ManualClock; lines: unknown[]; plain: Logger; logger: ThrottledLogger } {
  const lines: unknown[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push([level, message, fields]);
  const plain = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const clock = new ManualClock();
  return { clock, lines, plain, logger: ThrottledLogger.of(plain, clock) };
}

describe('the throttled logger', () => {
  it('says the same once in 30 seconds, and then how often it was held back', () => {
    const { clock, lines, logger } = throttled();
    for (let attempt = 1; attempt <= 400; attempt++) {
      logger.warn('no connection', { broker: 'a:1', attempt });
      clock.advance(100);
    }
    assert.deepEqual(lines, [
      ['warn', 'no connection', { broker: 'a:1', attempt: 1 }],
      ['warn', 'no connection', { broker: 'a:1', attempt: 301, heldBack: 299 }],
    ]);
  });

  it('takes another broker, partition, code or level for another thing to say', () => {
    const { lines, logger } = throttled();
    const things: LogFields[] = [
      { broker: 'a' },
      { broker: 'b' },
      { partition: 0 },
      { partition: 1 },
      { error: 'X' },
    ];
    for (const fields of things) {
      logger.warn('trouble', fields);
      logger.warn('trouble', fields);
    }
    logger.error('trouble', { error: 'X' });
    logger.error('trouble', { error: 'X' });
    assert.equal(lines.length, 6);
  });

  it('holds back no information, and is one for all who throttle the same logger again', () => {
    const { clock, lines, logger } = throttled();
    logger.info('joined');
    logger.info('joined');
    logger.debug('asked');
    logger.debug('asked');
    assert.equal(lines.length, 4);
    const second = ThrottledLogger.of(logger, clock);
    logger.warn('down');
    second.warn('down');
    assert.equal(lines.length, 5);
  });

  it('remembers 200 lines: the one said longest ago may be said again', () => {
    const { lines, logger } = throttled();
    for (let n = 0; n < 201; n++) logger.warn(`trouble ${n}`);
    logger.warn('trouble 1');
    assert.equal(lines.length, 201);
    logger.warn('trouble 0');
    assert.equal(lines.length, 202);
  });
});
