export { eventCodecContract } from './event-codec-contract.js';
export type { CodecUnderContract, ContractKeyrings } from './event-codec-contract.js';
