import { acknowledgementStoreContract, InMemoryAcknowledgementStore } from '../../src/testing/index.js';

acknowledgementStoreContract('in memory', () =>
  Promise.resolve({ store: new InMemoryAcknowledgementStore() }),
);
