import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { logsReplay } from '../src/engine/replay-log.js';

it('the start says how far the key topic was read, every five seconds at most, and when it is loaded', () => {
  const clock = new ManualClock();
  const said: string[] = [];
  const tell = logsReplay(
    {
      info: (message, fields) =>
        void said.push(`${message} ${fields?.['percent']}% ${fields?.['tookMs']} ms`),
    },
    clock,
  );
  for (let read = 0n; read <= 1_000n; read++) {
    tell({ read, total: 1_000n });
    clock.advance(11);
  }
  assert.deepEqual(said, [
    'The key topic is being loaded. 45% 5005 ms',
    'The key topic is being loaded. 91% 10010 ms',
    'The key topic is loaded. 100% 11000 ms',
  ]);
});

it('a topic that is read anew is timed anew', () => {
  const clock = new ManualClock();
  const said: unknown[] = [];
  const tell = logsReplay(
    { info: (message, fields) => void said.push([message, fields?.['tookMs']]) },
    clock,
  );
  tell({ read: 2n, total: 2n });
  clock.advance(3_600_000);
  for (const read of [0n, 1n, 2n, 2n]) {
    tell({ read, total: 2n });
    clock.advance(6_000);
  }
  assert.deepEqual(said, [
    ['The key topic is being loaded.', 6_000],
    ['The key topic is loaded.', 12_000],
  ]);
});

it('a quick start says nothing', () => {
  const said: string[] = [];
  const tell = logsReplay({ info: (message) => void said.push(message) }, new ManualClock());
  for (const read of [0n, 1n, 2n]) tell({ read, total: 2n });
  assert.deepEqual(said, []);
});
