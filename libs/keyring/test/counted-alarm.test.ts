import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Alarms } from '../src/alarms.js';
import { CountedAlarm } from '../src/counted-alarm.js';

function counted(): { alarm: CountedAlarm; told: string[]; messages: string[] } {
  const alarms = new Alarms();
  const told: string[] = [];
  const messages: string[] = [];
  alarms.subscribe(({ partition, offset, count, message }) => {
    told.push(`${partition}/${offset} ${count}`);
    messages.push(message);
  });
  return { alarm: new CountedAlarm(alarms, 'KEY_RECORD_UNREADABLE'), told, messages };
}

test('of many alarms of one partition the first are told one by one, then how many more, and every one is counted', () => {
  const { alarm, told, messages } = counted();
  for (let offset = 0; offset < 1000; offset++) alarm.raise(1, BigInt(offset));
  alarm.raise(0, 7n);
  const singly = ['1/0 1', '1/1 1', '1/2 1'];
  assert.deepEqual(told.slice(0, 5), [...singly, '1/5 3', '1/11 6']);
  assert.equal(told.length, 11 + 1);
  assert.equal(told.at(-1), '0/7 1', 'each partition for itself');
  assert.match(messages[3] ?? '', /offset 5: the last of 3 more: a key record/);
});

test('of a whole replay the first are told in the log’s order, and the others as one count', () => {
  const { alarm, told } = counted();
  alarm.raiseAll(1, [9, 5, 1, 11, 7]);
  alarm.raiseAll(1, []);
  assert.deepEqual(told, ['1/1 1', '1/5 1', '1/7 1', '1/11 2']);
  for (let offset = 0n; offset < 5n; offset++) alarm.raise(1, offset);
  assert.deepEqual(told.slice(4), ['1/4 5'], 'what comes later adds to it');
  alarm.reset(1);
  alarm.raise(1, 20n);
  assert.equal(told.at(-1), '1/20 1');
});
