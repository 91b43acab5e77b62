import { after } from 'node:test';
import { lookupsOn } from './support/lookups.js';
import { openPostgresForTest, postgresForTest } from './support/postgres.js';

after(async () => (await postgresForTest()).stop());
lookupsOn('PostgreSQL', openPostgresForTest);
