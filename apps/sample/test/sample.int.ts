import { sampleSuite } from './support/sample-suite.js';

sampleSuite('the bundled broker and the embedded database', async () => ({}));
