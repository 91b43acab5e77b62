export { startBundledBroker, type BundledBrokerOptions } from './bundled-broker.js';
export type { EngineServer } from './engine-server.js';
export { TestingError, type TestingErrorCode } from './errors.js';
export { KafkaCluster, type KafkaClusterOptions } from './kafka-cluster.js';
export type { KafkaServerOptions } from './kafka-node.js';
export { startKafka } from './kafka-server.js';
export { startKafkaWithZooKeeper } from './kafka-with-zookeeper.js';
export { startMoto, type MotoServer, type MotoServerOptions } from './moto-server.js';
export { startOpenBao, type OpenBaoServer, type OpenBaoServerOptions } from './openbao-server.js';
export {
  postgresInstalled,
  startPostgres,
  type PostgresServer,
  type PostgresServerOptions,
} from './postgres-server.js';
export { startRegistry, type RegistryServer, type RegistryServerOptions } from './registry-server.js';
export { RestartableEngine, type StartEngine } from './restartable-engine.js';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';
