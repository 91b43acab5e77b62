export { InMemoryKeyLog } from './in-memory-key-log.js';
export { InMemoryKeyTopic, type InMemoryKeyTopicOptions } from './in-memory-key-topic.js';
export { openTestKeyring, testMasterKeys, type TestKeyringOptions } from './test-keyring.js';
export { onlyRecords } from './only-records.js';
export { keyLogAbsenceContract, type AbsenceHarness } from './key-log-absence-contract.js';
export { keyLogContract, type KeyTopicHarness } from './key-log-contract.js';
export { keyringContract } from './keyring-contract.js';
export { InMemoryMasterKeyService } from './in-memory-master-keys.js';
export { masterKeysContract, type MasterKeysHarness } from './master-keys-contract.js';
