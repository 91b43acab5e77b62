import { openEmbeddedForTest } from './support/embedded.js';
import { storeContracts } from './support/contracts.js';

storeContracts('embedded', openEmbeddedForTest);
