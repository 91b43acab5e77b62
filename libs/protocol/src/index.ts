export { ErrorCode, RETRIABLE_ERRORS, errorName, type ErrorName } from './error-code.js';
export { KafkaError, withoutStack } from './kafka-error.js';
export { ProtocolError, type ProtocolErrorCode } from './errors.js';
export { ByteReader } from './wire/byte-reader.js';
export { ByteWriter } from './wire/byte-writer.js';
export { crc32c } from './records/crc32c.js';
export {
  COMPRESSION_LEVELS,
  Compression,
  MAX_UNCOMPRESSED_BYTES,
  compress,
  compressAside,
  decompress,
  decompressAside,
  type CompressionName,
} from './records/compression.js';
export {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_OVERHEAD,
  BatchAttribute,
  BatchView,
} from './records/batch-view.js';
export { batchAt, iterateBatches, type IterateBatchesOptions } from './records/iterate-batches.js';
export {
  iterateRecords,
  type DecodedRecord,
  type IterateRecordsOptions,
  type RecordHeader,
} from './records/iterate-records.js';
export { repackBatch, type RepackedRecords } from './records/repack-batch.js';
export { encodeBatch, writeRecord, type BatchSpec, type EncodableRecord } from './records/encode-batch.js';
export {
  ControlRecordType,
  controlRecordType,
  decodeEndTxnMarker,
  encodeEndTxnMarker,
  type EndTxnMarker,
  type MarkerBatch,
} from './records/control-record.js';
export { apis, type ApiName } from './messages/apis.js';
export { LEFT_OUT } from './messages/left-out.js';
export { requestHeader, responseHeader } from './messages/headers.js';
export { consumerProtocolAssignment, consumerProtocolSubscription } from './messages/consumer-protocol.js';
export { endTxnMarker } from './messages/end-txn-marker.js';
export {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  transactionLogKey,
  transactionLogValue,
} from './messages/coordinator-records.js';
export type { Api } from './schema/api.js';
export type { Decoded, Encodable, Fields, UnknownTag } from './schema/field.js';
export { Message, type DecodedMessage, type EncodableMessage } from './schema/message.js';
export {
  apiByKey,
  requestHeaderVersion,
  responseHeaderVersion,
  type AnyApi,
  type EncodableRequestOf,
  type EncodableResponseOf,
  type RequestOf,
  type ResponseOf,
} from './registry.js';
export {
  FRAME_LENGTH_BYTES,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  encodeResponseInSteps,
  encodeResponseParts,
  type ReceivedRequest,
  type RequestHead,
} from './frame.js';
