import { SystemEntropy } from '../src/index.js';
import { entropyContract } from '../src/testing/index.js';

entropyContract(() => new SystemEntropy());
