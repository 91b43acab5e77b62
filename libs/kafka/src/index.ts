export type {
  ConsumerOptions,
  KeyTopicSettings,
  LogCopy,
  LogInspection,
  OpenLogTransaction,
  OutgoingRecord,
  PartitionReader,
  ReceivedRecord,
  RecordBatch,
  RecordConsumer,
  RecordProducer,
  TopicAdmin,
  TopicDescription,
  TopicSpec,
  TransactionalProducers,
} from './ports.js';
export { createAdmin } from './admin/create-admin.js';
export { createConsumer } from './consumer/consumer.js';
export { KafkaClientError, type KafkaClientErrorCode } from './errors.js';
export { silentLogger, type LogFields, type Logger } from './logger.js';
export { openKeyTopic, type OpenKeyTopicOptions } from './key-topic/open-key-topic.js';
export type { KeyTopicProgress } from './key-topic/replay-progress.js';
export type { KeyTopic } from './key-topic/key-topic.js';
export { keyTopicConfigs } from './key-topic/key-topic-configs.js';
export type { BareRecord } from './partition-log/bare-record.js';
export type {
  LogConfigs,
  LogExtent,
  PartitionCondition,
  ReplicaLog,
  ReplicaState,
} from './partition-log/replicas.js';
export type { LogSettingsInForce } from './partition-log/settings-in-force.js';
export {
  ConnectionError,
  createDirectClient,
  createPartitionReader,
  PartitionError,
  type ClusterMetadata,
  type ConfigChange,
  type ConfigEntry,
  type ConfigResource,
  type DirectClient,
  type DirectRecord,
  type FetchedPartition,
  type FetchOptions,
  type FetchPosition,
  type LogDir,
  type LogDirPartition,
  type ProducedBatch,
  type ProducerDescription,
} from './direct/index.js';
export { brokerIdOf, isLogDir, listLogDir, type ListedDirectory } from './log-files/log-dir.js';
export { parseLogFileName, type LogFileKind, type LogFileState } from './log-files/log-file-name.js';
export { mayHoldTopic, type PartitionDirectory } from './log-files/partition-directory.js';
export {
  readLogFile,
  type LogFileTally,
  type LogFileVisitor,
  type LogRecord,
  type LogTrouble,
  type LogTroubleReason,
  type ReadLogFileOptions,
} from './log-files/read-log-file.js';
export { NUDGE_KEY, openTopicWindow, type TopicWindow } from './topic-window/topic-window.js';
export { createProducer, type ProducerOptions } from './producer/producer.js';
export type { KafkaSettings, SaslSettings } from './settings.js';
export { ThrottledLogger } from './throttled-logger.js';
export {
  createTopicScanner,
  type RawHeader,
  type RawRecord,
  type ScannedBatch,
  type TopicScanner,
  type UnreadableBatch,
} from './direct/topic-scanner.js';
export {
  isSegmentName,
  packedBatches,
  type BrokenBatch,
  type PackedBatch,
} from './log-files/packed-batches.js';
