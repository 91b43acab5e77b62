export type {
  Decoded,
  DecodedEvent,
  EncodedRecord,
  Erasable,
  Erased,
  EventCodec,
  EventSpec,
  EventToEncode,
  IncomingRecord,
} from './event-codec.js';
export { createEventCodec } from './create-event-codec.js';
export { ErasedValue, isErased } from './erased.js';
export { SerdeError } from './errors.js';
export type { SerdeErrorCode } from './errors.js';
export { EVENT_HEADERS, isEventId, readEventHeaders } from './event-headers.js';
export type { EventHeaders } from './event-headers.js';
export type { EventFormat, OpenField, SealField } from './formats/event-format.js';
export { createJsonFormat } from './formats/json-format.js';
export { createStringFormat } from './formats/string-format.js';
export { jsonSerde, stringSerde } from './serdes.js';
export type { Deserializer, Serde, Serializer } from './serdes.js';
