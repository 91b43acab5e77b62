import type { NewStoredEvent, OutboxRecord } from '../ports.js';

const bytes = new TextEncoder();

/** Event number `n` of a test: every byte of it follows from `n`. */
export function storedEvent(n: number): NewStoredEvent {
  return {
    eventId: `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
    type: n % 2 === 0 ? 'even' : 'odd',
    userRef: n % 3 === 0 ? null : n.toString(16).padStart(32, '0'),
    value: Uint8Array.of(0, 255, n & 255, 10, 0),
    headers: { 'content-type': 'application/octet-stream', n: `ä "${n}"` },
  };
}

export function outboxRecord(n: number): OutboxRecord {
  return {
    topic: `topic-${n % 2}`,
    key: n % 3 === 0 ? null : bytes.encode(`key-${n}`),
    value: Uint8Array.of(0, 254, n & 255, 13, 0),
    headers: { n: String(n), '': '' },
  };
}
