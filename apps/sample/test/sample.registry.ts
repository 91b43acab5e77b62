import { after } from 'node:test';
import { startRegistry, temporaryDirectory } from '@oubliette/testing';
import { sampleSuite } from './support/sample-suite.js';

const directory = temporaryDirectory('oubliette-sample-registry-');
const registry = startRegistry({ workDir: directory.path });

after(async () => {
  await (await registry).stop();
  directory.remove();
});
sampleSuite('the bundled broker and Apicurio Registry', async () => ({
  SCHEMA_REGISTRY_URL: (await registry).url,
}));
