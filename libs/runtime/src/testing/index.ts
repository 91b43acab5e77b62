export { checksOnEach, type UnderTest } from './checks-on-each.js';
export { ManualClock } from './manual-clock.js';
export { SeededEntropy } from './seeded-entropy.js';
export { SimulatedDisk, type Failure } from './simulated-disk.js';
export type { Operation } from './simulated-file.js';
export { clockContract } from './clock-contract.js';
export { diskContract } from './disk-contract.js';
export { entropyContract } from './entropy-contract.js';
export type { EngineServer } from './servers/engine-server.js';
export { TestingError, type TestingErrorCode } from './servers/errors.js';
export { freePort } from './servers/free-port.js';
export type { KafkaServerOptions } from './servers/kafka-node.js';
export { startKafka } from './servers/kafka-server.js';
export { startKafkaWithZooKeeper } from './servers/kafka-with-zookeeper.js';
export { runToEnd, startProcess, type ManagedProcess } from './servers/managed-process.js';
export {
  postgresInstalled,
  startPostgres,
  type PostgresServer,
  type PostgresServerOptions,
} from './servers/postgres-server.js';
export { RestartableEngine, type StartEngine } from './servers/restartable-engine.js';
export { temporaryDirectory, type TemporaryDirectory } from './servers/temporary-directory.js';
export { spawnWithParent } from './servers/with-parent.js';
