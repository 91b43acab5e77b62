import { InMemoryLookupStore, lookupStoreContract } from '../../src/testing/index.js';

lookupStoreContract('in memory', () =>
  Promise.resolve({
    store: new InMemoryLookupStore(),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  }),
);
