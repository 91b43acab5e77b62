import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
import { stopIdleTimer } from '../../src/client/kafkajs-idle-timer.js';

interface Queue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: unknown;
  scheduleCheckPendingRequests(): void;
}

const prototype = (createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: Queue })
  .prototype;

/** kafkajs's own code on a queue that is not throttled. */
function queue(pending: unknown[]): Queue {
  const made = Object.create(prototype) as Queue;
  return Object.assign(made, { pending, throttledUntil: -1, throttleCheckTimeoutId: null });
}

test('kafkajs sets no timer for an empty queue, and still one for held-back requests', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    stopIdleTimer();
    stopIdleTimer();
    const empty = queue([]);
    empty.scheduleCheckPendingRequests();
    assert.equal(empty.throttleCheckTimeoutId, null);
    const holding = queue([{}]);
    holding.scheduleCheckPendingRequests();
    assert.notEqual(holding.throttleCheckTimeoutId, null);
  } finally {
    mock.timers.reset();
  }
});
