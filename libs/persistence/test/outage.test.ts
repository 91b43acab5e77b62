import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryFailedError } from 'typeorm';
import { PersistenceError } from '../src/index.js';
import { asOutage } from '../src/outage.js';

const withCode = (code: string): Error => Object.assign(new Error('from the driver'), { code });
const failedQuery = (cause: Error): Error => new QueryFailedError('SELECT 1', [], cause);

const outages: readonly (readonly [string, Error])[] = [
  ['a refused connection', withCode('ECONNREFUSED')],
  ['one refused on every address', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
  ['a server that shuts down', failedQuery(withCode('57P01'))],
  ['a server that starts', withCode('57P03')],
  ['a connection failure, class 08', failedQuery(withCode('08006'))],
  ['a connection lost under a query', failedQuery(new Error('Connection terminated unexpectedly'))],
];

for (const [what, error] of outages)
  test(`${what} is worth another try`, () => {
    const translated = asOutage(error);
    assert.ok(translated instanceof PersistenceError);
    assert.deepEqual([translated.code, translated.retriable], ['DATABASE_UNREACHABLE', true]);
    assert.equal(translated.cause, error);
  });

const others: readonly (readonly [string, unknown])[] = [
  ['a broken constraint', failedQuery(withCode('23505'))],
  ['a mistake in SQL', failedQuery(withCode('42601'))],
  ['a full disk', failedQuery(withCode('53100'))],
  ['an error of the caller', new TypeError('no such property')],
  ['an error of ours', new PersistenceError('LOCK_TIMEOUT', 'waited too long')],
  ['a refusal beside another error', new AggregateError([withCode('ECONNREFUSED'), withCode('EACCES')])],
  ['something that is no error', 'text'],
];

for (const [what, error] of others)
  test(`${what} stays what it is`, () => assert.equal(asOutage(error), error));
