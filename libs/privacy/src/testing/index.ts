export { InMemoryErasureStore } from './in-memory-erasure-store.js';
export { erasureStoreContract } from './erasure-store-contract.js';
export type { ErasureStoreUnderTest } from './erasure-store-contract.js';
export { SimulatedKeyTopic } from './simulated-key-topic.js';
export type { SimulatedRecord, SimulatedSettings } from './simulated-partition.js';
export { forgettingContract, type ForgettingEngine } from './forgetting-contract.js';
export { InMemoryLookupStore, type MemoryLookupTransaction } from './in-memory-lookup-store.js';
export { lookupStoreContract, type LookupStoreUnderTest } from './lookup-store-contract.js';
export { requestedErasure } from './requested-erasure.js';
