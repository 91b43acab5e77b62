import { after } from 'node:test';
import { startPostgres, temporaryDirectory } from '@oubliette/testing';
import { pseudonymAudit } from './support/pseudonym-audit.js';

const directory = temporaryDirectory('oubliette-audit-postgres-');
const postgres = startPostgres({ workDir: directory.path });

after(async () => {
  await (await postgres).stop();
  directory.remove();
});
pseudonymAudit('the bundled broker and PostgreSQL', async () => ({ DATABASE_URL: (await postgres).url }));
