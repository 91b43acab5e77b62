import { erasureStoreContract, InMemoryErasureStore } from '../../src/testing/index.js';

erasureStoreContract('in memory', () => Promise.resolve({ store: new InMemoryErasureStore() }));
