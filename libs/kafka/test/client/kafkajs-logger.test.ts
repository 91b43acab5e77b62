import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEntry } from 'kafkajs';
import { headersFrom } from '../../src/client/headers.js';
import { kafkajsLogCreator } from '../../src/client/kafkajs-logger.js';
import type { LogFields } from '../../src/logger.js';

function collect(): { lines: unknown[]; write: (entry: LogEntry) => void } {
  const lines: unknown[] = [];
  const at =
    (level: string) =>
    (message: string, fields?: LogFields): void => {
      lines.push([level, message, fields]);
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, write: kafkajsLogCreator(logger)(4) };
}

const entry = (level: number, message: string, extra: object = {}): LogEntry => ({
  namespace: 'Consumer',
  level,
  label: '',
  log: { timestamp: '', message, ...extra },
});

test("kafkajs's levels go one down, and only known facts pass", () => {
  const { lines, write } = collect();
  write(
    entry(1, 'Connection error', { broker: 'h:1', error: 'jane@example.org', stack: 'jane', retryCount: 2 }),
  );
  write(entry(2, 'rebalancing', { groupId: 'g' }));
  write(entry(4, 'joined', { payload: { value: 'jane' } }));
  assert.deepEqual(lines, [
    ['warn', 'kafkajs Consumer: Connection error', { broker: 'h:1', retryCount: 2 }],
    ['info', 'kafkajs Consumer: rebalancing', { groupId: 'g' }],
    ['debug', 'kafkajs Consumer: joined', {}],
  ]);
});

test('what is dealt with elsewhere is debug, also when kafkajs calls it an error', () => {
  const { lines, write } = collect();
  const said = [
    ['Connection', 1, 'Response CreateTopics(key: 19, version: 3)'],
    [
      'BrokerPool',
      1,
      'Failed to connect to seed broker, trying another broker from the list: Connection timeout',
    ],
    [
      'Consumer',
      1,
      "Crash: KafkaJSProtocolError: The coordinator is loading and hence can't process requests",
    ],
    ['Runner', 1, 'Error when calling eachBatch'],
    ['Producer', 2, 'Limiting retries for the idempotent producer may invalidate EoS guarantees'],
    ['Connection', 1, 'Connection timeout'],
    ['Consumer', 1, 'Caught error when stopping the consumer: x'],
    ['ConsumerGroup', 1, 'Offset out of range, resetting to default offset'],
  ] as const;
  for (const [namespace, level, message] of said) write({ ...entry(level, message), namespace });
  assert.deepEqual(
    lines.map((line) => (line as unknown[])[0]),
    ['debug', 'debug', 'debug', 'debug', 'debug', 'warn', 'warn', 'warn'],
  );
});

test('a message that is an Error, as kafkajs gives one when it gives up on a broker, is taken as text', () => {
  const { lines, write } = collect();
  write({ ...entry(1, '', { message: new Error('refused') }), namespace: 'Cluster' });
  assert.deepEqual(lines, [['warn', 'kafkajs Cluster: Error: refused', {}]]);
});

test('of a header that stands several times the last counts', () => {
  const headers = { a: [Buffer.from('1'), Buffer.from('2')], b: 'text', c: Buffer.from('ü'), d: undefined };
  assert.deepEqual(headersFrom(headers), { a: '2', b: 'text', c: 'ü' });
  assert.deepEqual(headersFrom(undefined), {});
});
