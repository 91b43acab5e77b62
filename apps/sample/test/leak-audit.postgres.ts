import { after } from 'node:test';
import { startPostgres, temporaryDirectory } from '@oubliette/testing';
import { leakAudit } from './support/leak-audit.js';

const directory = temporaryDirectory('oubliette-leaks-postgres-');
const postgres = startPostgres({ workDir: directory.path });

after(async () => {
  await (await postgres).stop();
  directory.remove();
});
leakAudit('the bundled broker and PostgreSQL', async () => ({ DATABASE_URL: (await postgres).url }));
