export { adminContract } from './admin-contract.js';
export { openCuttableKeyTopic, type CuttableLink } from './cuttable-key-topic.js';
export type { Engine } from './engine.js';
export { eventually } from './eventually.js';
export { keyHazardsContract } from './key-hazards-contract.js';
export { keyTopicContract, quickKeyTopic } from './key-topic-contract.js';
export { producerConsumerContract } from './producer-consumer-contract.js';
export { resilienceContract, type CrashableEngine } from './resilience-contract.js';
