export { InMemoryCluster } from './in-memory-cluster.js';
export { openTestEngine } from './test-engine.js';
export type { TestEngine, TestEngineOptions } from './test-engine.js';
export { nestApplicationContract } from './application-contract.js';
export { erasureWaysContract } from './erasure-ways-contract.js';
