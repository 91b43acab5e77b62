import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { auditLeaks } from '@oubliette/privacy';
import { tableSource } from '../src/index.js';
import { auditContract } from './support/audit.js';
import { openPostgresForTest, postgresForTest } from './support/postgres.js';

after(async () => (await postgresForTest()).stop());
auditContract(
  'PostgreSQL',
  openPostgresForTest,
  'CREATE TABLE strange (a varchar(10), b bigint, c text, PRIMARY KEY (b, a))',
);

it('what the planner remembers of deleted rows, and materialized views hold, is found too', async () => {
  const { database, clock, close } = await openPostgresForTest();
  const email = 'zebedee.qwyxley@example.org';
  try {
    await database.execute('CREATE SCHEMA other');
    await database.execute('CREATE TABLE other.people (email text)');
    await database.execute('INSERT INTO other.people SELECT ? FROM generate_series(1, 100)', [email]);
    await database.execute('CREATE MATERIALIZED VIEW other.seen AS SELECT email FROM other.people LIMIT 1');
    await database.execute('ANALYZE other.people');
    await database.execute('DELETE FROM other.people');
    const sources = [tableSource({ name: 'tables', database })];
    const report = await auditLeaks(sources, { terms: [email] }, { clock });
    assert.deepEqual(
      report.findings.map(({ place }) => place),
      ['table pg_catalog.pg_stats, column most_common_vals, row 1', 'table other.seen, column email, row 1'],
    );
    assert.ok(report.complete);
  } finally {
    await close();
  }
});
