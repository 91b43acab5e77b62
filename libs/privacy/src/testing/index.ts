export { InMemoryErasureStore } from './in-memory-erasure-store.js';
export { erasureStoreContract } from './erasure-store-contract.js';
export type { ErasureStoreUnderTest } from './erasure-store-contract.js';
export { InMemoryPrivacyLog } from './in-memory-privacy-log.js';
export { privacyLogContract, type PrivacyLogUnderTest } from './privacy-log-contract.js';
export { SimulatedKeyTopic, type SimulatedCluster } from './simulated-key-topic.js';
export type { SimulatedRecord, SimulatedSettings } from './simulated-partition.js';
export { forgettingContract, type ForgettingEngine } from './forgetting-contract.js';
export { InMemoryLookupStore, type MemoryLookupTransaction } from './in-memory-lookup-store.js';
export { lookupStoreContract, type LookupStoreUnderTest } from './lookup-store-contract.js';
export { requestedErasure } from './requested-erasure.js';
export { InMemoryCertificateStore } from './in-memory-certificate-store.js';
export { certificateStoreContract, type CertificateStoreUnderTest } from './certificate-store-contract.js';
export { InMemoryAcknowledgementStore } from './in-memory-acknowledgement-store.js';
export {
  acknowledgementStoreContract,
  type AcknowledgementStoreUnderTest,
} from './acknowledgement-store-contract.js';
export { InMemoryStores } from './in-memory-stores.js';
export { testSigner } from './test-signer.js';
export { InMemoryLeaseStore } from './in-memory-lease-store.js';
export { leaseStoreContract, type LeaseStoreUnderTest } from './lease-store-contract.js';
export { logWindowContract, type LogWindowUnderTest } from './log-window-contract.js';
export { InMemoryLedgerMirror } from './in-memory-ledger-mirror.js';
export { SimulatedTopic } from './simulated-topic.js';
export { topicWindowContract, type TopicWindowUnderTest } from './topic-window-contract.js';
