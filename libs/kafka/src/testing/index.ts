export type { Engine } from './engine.js';
export { eventually } from './eventually.js';
export { producerConsumerContract } from './producer-consumer-contract.js';
