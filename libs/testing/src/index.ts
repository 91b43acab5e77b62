export { TestingError, type TestingErrorCode } from './errors.js';
export { freePort } from './free-port.js';
export { startKafka, type KafkaServer, type KafkaServerOptions } from './kafka-server.js';
export {
  postgresInstalled,
  startPostgres,
  type PostgresServer,
  type PostgresServerOptions,
} from './postgres-server.js';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.js';
