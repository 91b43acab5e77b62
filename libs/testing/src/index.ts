export {
  freePort,
  postgresInstalled,
  RestartableEngine,
  startKafka,
  startKafkaWithZooKeeper,
  startPostgres,
  temporaryDirectory,
  TestingError,
  type EngineServer,
  type KafkaServerOptions,
  type PostgresServer,
  type PostgresServerOptions,
  type StartEngine,
  type TemporaryDirectory,
  type TestingErrorCode,
} from '@oubliette/runtime/testing';
export { startBundledBroker, type BundledBrokerOptions } from './bundled-broker.js';
export { KafkaCluster, type KafkaClusterOptions } from './kafka-cluster.js';
export { startMoto, type MotoServer, type MotoServerOptions } from './moto-server.js';
export { startOpenBao, type OpenBaoServer, type OpenBaoServerOptions } from './openbao-server.js';
export { startRegistry, type RegistryServer, type RegistryServerOptions } from './registry-server.js';
