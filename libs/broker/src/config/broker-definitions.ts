import type { BrokerConfigDefinition } from './broker-definition.js';
import { clusterTable } from './broker-tables/cluster.js';
import { groupTable } from './broker-tables/group.js';
import { logTable } from './broker-tables/log.js';
import { logDefaultsTable } from './broker-tables/log-defaults.js';
import { remoteLogTable } from './broker-tables/remote-log.js';
import { saslTable } from './broker-tables/sasl.js';
import { serverTable } from './broker-tables/server.js';
import { tlsAndAccessTable } from './broker-tables/tls-and-access.js';
import { transactionAndShareTable } from './broker-tables/transaction-and-share.js';

/** Kafka 4.1.1's broker settings, all of them, with Kafka's own defaults (AbstractKafkaConfig.CONFIG_DEF). */
export const brokerDefinitions: readonly BrokerConfigDefinition[] = [
  ...clusterTable,
  ...groupTable,
  ...logTable,
  ...logDefaultsTable,
  ...remoteLogTable,
  ...saslTable,
  ...serverTable,
  ...tlsAndAccessTable,
  ...transactionAndShareTable,
].sort((a, b) => (a.name < b.name ? -1 : 1));
