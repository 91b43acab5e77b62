import assert from 'node:assert/strict';
import { it } from 'node:test';
import { auditLeaks } from '@oubliette/privacy';
import { SystemDisk } from '@oubliette/runtime';
import { databaseFileSource, tableSource } from '../src/index.js';
import { auditContract } from './support/audit.js';
import { openEmbeddedForTest } from './support/embedded.js';

auditContract(
  'embedded',
  openEmbeddedForTest,
  'CREATE TABLE strange (a text, b integer, c text, PRIMARY KEY (a, b)) WITHOUT ROWID',
);

it('what no table shows any more is found in the write-ahead log, until that is truncated', async () => {
  const { database, file, clock, close } = await openEmbeddedForTest();
  const email = 'zebedee.qwyxley@example.org';
  const look = async () => {
    const sources = [
      tableSource({ name: 'tables', database }),
      databaseFileSource({ name: 'files', file, disk: new SystemDisk() }),
    ];
    const { findings, complete } = await auditLeaks(sources, { terms: [email] }, { clock });
    assert.ok(complete);
    return findings.map(({ source, place }) => `${source} ${place.replace(file, '')}`);
  };
  try {
    await database.execute('CREATE TABLE people (email text)');
    await database.execute('INSERT INTO people VALUES (?)', [email]);
    assert.deepEqual(await look(), ['tables table people, column email, row 1', 'files -wal']);
    await database.execute('DELETE FROM people');
    assert.deepEqual(await look(), ['files -wal']);
    await clock.advanceAsync(10_000);
    assert.deepEqual(await look(), []);
  } finally {
    await close();
  }
});
