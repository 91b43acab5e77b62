export type {
  ConsumerOptions,
  KeyTopicSettings,
  OutgoingRecord,
  PartitionReader,
  ReceivedRecord,
  RecordBatch,
  RecordConsumer,
  RecordProducer,
  TopicAdmin,
  TopicDescription,
  TopicSpec,
} from './ports.js';
