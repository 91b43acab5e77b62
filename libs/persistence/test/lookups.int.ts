import { openEmbeddedForTest } from './support/embedded.js';
import { lookupsOn } from './support/lookups.js';

lookupsOn('the embedded database', openEmbeddedForTest);
