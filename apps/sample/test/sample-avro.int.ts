import { after } from 'node:test';
import { startFakeRegistry } from '@oubliette/serde/testing';
import { sampleSuite } from './support/sample-suite.js';

const registry = startFakeRegistry();

after(async () => (await registry).close());
sampleSuite('the bundled broker and a schema registry', async () => ({
  SCHEMA_REGISTRY_URL: (await registry).url,
}));
