import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KafkaClientError, nameOf, protocolErrorType, translateError } from '../src/errors.js';

const link = (message: string, fields: object, cause?: Error): Error =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), fields);

test('retries that ran out are judged by the reason inside', () => {
  const reason = link('not leader', { type: 'NOT_LEADER_FOR_PARTITION', retriable: true });
  const outer = link('retries', { retriable: false }, reason);
  const error = translateError(outer, 'Producing to t');
  assert.equal(error.code, 'KAFKA_UNAVAILABLE');
  assert.equal(error.retriable, true);
  assert.match(error.message, /Producing to t failed.*NOT_LEADER_FOR_PARTITION/);
});

test('what the broker refuses for good is no outage', () => {
  const error = translateError(
    link('x', { type: 'TOPIC_AUTHORIZATION_FAILED', retriable: false }),
    'Producing',
  );
  assert.equal(error.code, 'KAFKA_REFUSED');
  assert.equal(error.retriable, false);
});

test('an unknown error is refused with its class only: its message may hold a value', () => {
  const error = translateError(new TypeError('jane@example.org is odd'), 'Producing');
  assert.equal(error.code, 'KAFKA_REFUSED');
  assert.ok(!error.message.includes('jane'));
  assert.match(error.message, /TypeError/);
});

test('an error of our own passes through', () => {
  const own = new KafkaClientError('TOPIC_MISSING', 'm');
  assert.equal(translateError(own, 'x'), own);
});

test('names and types are found through causes, however long the chain', () => {
  const loop = link('a', {});
  loop.cause = loop;
  assert.equal(protocolErrorType(loop), null);
  assert.equal(protocolErrorType(link('a', {}, link('b', { type: 'X' }))), 'X');
  assert.equal(nameOf(link('a', { code: 'ECONNREFUSED' })), 'Error ECONNREFUSED');
  assert.equal(nameOf('text'), 'string');
});
