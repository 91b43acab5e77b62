import { after } from 'node:test';
import { startPostgres, temporaryDirectory } from '@oubliette/testing';
import { sampleSuite } from './support/sample-suite.js';

const directory = temporaryDirectory('oubliette-sample-postgres-');
const postgres = startPostgres({ workDir: directory.path });

after(async () => {
  await (await postgres).stop();
  directory.remove();
});
sampleSuite('the bundled broker and PostgreSQL', async () => ({ DATABASE_URL: (await postgres).url }));
