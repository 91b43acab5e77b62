import { certificateStoreContract, InMemoryCertificateStore } from '../../src/testing/index.js';

certificateStoreContract('in memory', () => Promise.resolve({ store: new InMemoryCertificateStore() }));
