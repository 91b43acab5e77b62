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
export { createAdmin } from './admin/create-admin.js';
export { createConsumer } from './consumer/consumer.js';
export { KafkaClientError, type KafkaClientErrorCode } from './errors.js';
export { silentLogger, type LogFields, type Logger } from './logger.js';
export { createProducer, type ProducerOptions } from './producer/producer.js';
export type { KafkaSettings, SaslSettings } from './settings.js';
