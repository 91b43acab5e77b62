import { after } from 'node:test';
import { storeContracts } from './support/contracts.js';
import { openPostgresForTest, postgresForTest } from './support/postgres.js';

after(async () => (await postgresForTest()).stop());
storeContracts('PostgreSQL', openPostgresForTest);
