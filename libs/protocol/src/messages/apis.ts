import { produce } from './produce.js';
import { fetch } from './fetch.js';
import { listOffsets } from './list-offsets.js';
import { metadata } from './metadata.js';
import { offsetCommit } from './offset-commit.js';
import { offsetFetch } from './offset-fetch.js';
import { findCoordinator } from './find-coordinator.js';
import { joinGroup } from './join-group.js';
import { heartbeat } from './heartbeat.js';
import { leaveGroup } from './leave-group.js';
import { syncGroup } from './sync-group.js';
import { describeGroups } from './describe-groups.js';
import { listGroups } from './list-groups.js';
import { saslHandshake } from './sasl-handshake.js';
import { apiVersions } from './api-versions.js';
import { createTopics } from './create-topics.js';
import { deleteTopics } from './delete-topics.js';
import { deleteRecords } from './delete-records.js';
import { initProducerId } from './init-producer-id.js';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.js';
import { addPartitionsToTxn } from './add-partitions-to-txn.js';
import { addOffsetsToTxn } from './add-offsets-to-txn.js';
import { endTxn } from './end-txn.js';
import { writeTxnMarkers } from './write-txn-markers.js';
import { txnOffsetCommit } from './txn-offset-commit.js';
import { describeAcls } from './describe-acls.js';
import { createAcls } from './create-acls.js';
import { deleteAcls } from './delete-acls.js';
import { describeConfigs } from './describe-configs.js';
import { alterConfigs } from './alter-configs.js';
import { alterReplicaLogDirs } from './alter-replica-log-dirs.js';
import { describeLogDirs } from './describe-log-dirs.js';
import { saslAuthenticate } from './sasl-authenticate.js';
import { createPartitions } from './create-partitions.js';
import { deleteGroups } from './delete-groups.js';
import { electLeaders } from './elect-leaders.js';
import { incrementalAlterConfigs } from './incremental-alter-configs.js';
import { alterPartitionReassignments } from './alter-partition-reassignments.js';
import { listPartitionReassignments } from './list-partition-reassignments.js';
import { offsetDelete } from './offset-delete.js';
import { describeClientQuotas } from './describe-client-quotas.js';
import { alterClientQuotas } from './alter-client-quotas.js';
import { describeUserScramCredentials } from './describe-user-scram-credentials.js';
import { alterUserScramCredentials } from './alter-user-scram-credentials.js';
import { describeQuorum } from './describe-quorum.js';
import { updateFeatures } from './update-features.js';
import { describeCluster } from './describe-cluster.js';
import { describeProducers } from './describe-producers.js';
import { unregisterBroker } from './unregister-broker.js';
import { describeTransactions } from './describe-transactions.js';
import { listTransactions } from './list-transactions.js';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.js';
import { consumerGroupDescribe } from './consumer-group-describe.js';
import { listConfigResources } from './list-config-resources.js';
import { describeTopicPartitions } from './describe-topic-partitions.js';

/** Every API that has a field table, by name. */
export const apis = {
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  saslHandshake,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeAcls,
  createAcls,
  deleteAcls,
  describeConfigs,
  alterConfigs,
  alterReplicaLogDirs,
  describeLogDirs,
  saslAuthenticate,
  createPartitions,
  deleteGroups,
  electLeaders,
  incrementalAlterConfigs,
  alterPartitionReassignments,
  listPartitionReassignments,
  offsetDelete,
  describeClientQuotas,
  alterClientQuotas,
  describeUserScramCredentials,
  alterUserScramCredentials,
  describeQuorum,
  updateFeatures,
  describeCluster,
  describeProducers,
  unregisterBroker,
  describeTransactions,
  listTransactions,
  consumerGroupHeartbeat,
  consumerGroupDescribe,
  listConfigResources,
  describeTopicPartitions,
} as const;

export type ApiName = keyof typeof apis;
