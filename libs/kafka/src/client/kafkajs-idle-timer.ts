import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
}

interface RequestQueueClass {
  readonly prototype: { scheduleCheckPendingRequests: (this: RequestQueue) => void };
}

/**
 * kafkajs 2.2.4 looks at its queue of held-back requests again and again even when it is empty, by a timer of a negative
 * time: about a thousand wake-ups a second and connection, and a warning from Node 24 on. With this it looks only while
 * something is held back, which is when looking has a purpose (tulios/kafkajs, src/network/requestQueue).
 */
export function stopIdleTimer(): void {
  const queueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as RequestQueueClass;
  const original = queueClass.prototype.scheduleCheckPendingRequests;
  if (typeof original !== 'function' || original.name === scheduleWhenPending.name) return;
  queueClass.prototype.scheduleCheckPendingRequests = scheduleWhenPending(original);
}

function scheduleWhenPending(original: (this: RequestQueue) => void): (this: RequestQueue) => void {
  const replacement = function (this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this);
  };
  Object.defineProperty(replacement, 'name', { value: scheduleWhenPending.name });
  return replacement;
}
