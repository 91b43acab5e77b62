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
