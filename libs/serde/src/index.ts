export type {
  Decoded,
  DecodedEvent,
  EncodedRecord,
  Erasable,
  Erased,
  EventCodec,
  EventSpec,
  EventToEncode,
  FieldPurpose,
  IncomingRecord,
  Restricted,
} from './event-codec.js';
export { createEventCodec } from './create-event-codec.js';
export type { EventCodecOptions } from './create-event-codec.js';
export { ErasedValue, isErased } from './erased.js';
export { RestrictedValue, isRestricted } from './restricted.js';
export { SerdeError } from './errors.js';
export type { SerdeErrorCode } from './errors.js';
export { EVENT_HEADERS, isEventId, readEventHeaders } from './event-headers.js';
export type { EventHeaders } from './event-headers.js';
export type { EventFormat, OpenField, SealField } from './formats/event-format.js';
export { createJsonFormat } from './formats/json-format.js';
export { createStringFormat } from './formats/string-format.js';
export { jsonSerde, stringSerde } from './serdes.js';
export type { Deserializer, Serde, Serializer } from './serdes.js';
export { createAvroFormat } from './formats/avro-format.js';
export { createAvroSerde } from './avro/avro-field.js';
export { createDocumentSchemas } from './avro/document-schemas.js';
export type { SchemaDocument } from './avro/document-schemas.js';
export { parseAvroSchema } from './avro/encrypted-fields.js';
export { ENCRYPTED_LOGICAL_TYPE } from './avro/encrypted-type.js';
export { createRegistrySchemas } from './avro/registry-schemas.js';
export type { RegistryOptions } from './avro/registry-schemas.js';
export type { FramedSchema, SchemaSource } from './avro/schema-source.js';
export { createFieldCipher } from './field-cipher.js';
export type { FieldCipher } from './field-cipher.js';
export { readRecordKey, writeRecordKey } from './record-key.js';
export type { RecordKey } from './record-key.js';
