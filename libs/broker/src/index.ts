export { startBroker, type BrokerOptions, type RunningBroker } from './start-broker.js';
export { BrokerError, type BrokerErrorCode } from './errors.js';
export { parseProperties } from './config/properties.js';
export { parseListener, type Address } from './server/listener-address.js';
export type { Logger, LogFields } from './logger.js';
