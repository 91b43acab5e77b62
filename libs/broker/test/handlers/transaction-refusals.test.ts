import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransactionRefusals } from '../../src/handlers/transaction-refusals.js';
import { RecordingLogger } from '../support/broker-fixture.js';

test('each client is told of once, by a name that is cut, and so many clients at most', () => {
  const logger = new RecordingLogger();
  const refusals = new TransactionRefusals(logger);
  for (const client of ['orders', 'billing', 'orders', '']) refusals.tell(client);
  assert.deepEqual(
    logger.lines.map(({ level, fields }) => `${level} ${String(fields['clientId'])}`),
    ['warn orders', 'warn billing', 'warn '],
  );
  assert.match(logger.of('warn')[0] ?? '', /transactional id/);
  refusals.tell('x'.repeat(30_000));
  assert.equal(String(logger.lines.at(-1)?.fields['clientId']).length, 100);
  for (let client = 0; client < 5_000; client++) refusals.tell(`client-${client}`);
  assert.equal(logger.lines.length, 1_000);
});
