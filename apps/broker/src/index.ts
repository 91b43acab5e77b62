export { runBroker, type BrokerRun } from './run-broker.js';
export { runBrokerInProcess } from './run-in-process.js';
export { usage as brokerUsage } from './arguments.js';
export type { LineSink } from './line-logger.js';
export { keepYoungGenerationSmall } from './young-generation.js';
