export { eventCodecContract } from './event-codec-contract.js';
export type { CodecUnderContract, ContractKeyrings } from './event-codec-contract.js';
export { startFakeRegistry } from './fake-registry.js';
export type { FakeRegistry } from './fake-registry.js';
