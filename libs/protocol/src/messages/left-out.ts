/** Messages of Apache Kafka 4.1.1 without a field table here, by the names of their definitions, and why. */
export const LEFT_OUT: readonly { readonly reason: string; readonly names: readonly string[] }[] = [
  {
    reason: 'share groups and streams groups are not served',
    names: [
      'ShareGroupHeartbeat',
      'ShareGroupDescribe',
      'ShareFetch',
      'ShareAcknowledge',
      'InitializeShareGroupState',
      'ReadShareGroupState',
      'WriteShareGroupState',
      'DeleteShareGroupState',
      'ReadShareGroupStateSummary',
      'DescribeShareGroupOffsets',
      'AlterShareGroupOffsets',
      'DeleteShareGroupOffsets',
      'StreamsGroupHeartbeat',
      'StreamsGroupDescribe',
    ],
  },
  {
    reason: 'delegation tokens are not served',
    names: [
      'CreateDelegationToken',
      'RenewDelegationToken',
      'ExpireDelegationToken',
      'DescribeDelegationToken',
    ],
  },
  {
    reason: 'only a broker with a telemetry plug-in serves it',
    names: ['GetTelemetrySubscriptions', 'PushTelemetry'],
  },
  {
    reason: 'spoken between brokers and controllers, of which a single node has none',
    names: [
      'AddRaftVoter',
      'RemoveRaftVoter',
      'UpdateRaftVoter',
      'Vote',
      'BeginQuorumEpoch',
      'EndQuorumEpoch',
      'FetchSnapshot',
      'AlterPartition',
      'AllocateProducerIds',
      'AssignReplicasToDirs',
      'BrokerHeartbeat',
      'BrokerRegistration',
      'ControllerRegistration',
      'Envelope',
      'DefaultPrincipalData',
    ],
  },
  {
    reason: 'stands in the log of a controller quorum only',
    names: [
      'LeaderChangeMessage',
      'SnapshotHeaderRecord',
      'SnapshotFooterRecord',
      'KRaftVersionRecord',
      'VotersRecord',
    ],
  },
  {
    reason: 'has no version any more since Kafka 4.0',
    names: ['LeaderAndIsr', 'StopReplica', 'UpdateMetadata', 'ControlledShutdown'],
  },
];
