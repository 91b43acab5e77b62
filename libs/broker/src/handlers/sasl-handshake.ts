import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/* SaslHandshake, versions 0 and 1: ILLEGAL_SASL_STATE, as Kafka answers on a plaintext listener; the connection goes on (KafkaApis). */
export const saslHandshake = defineHandler(apis.saslHandshake, { versions: [0, 1] }, () => ({
  errorCode: ErrorCode.ILLEGAL_SASL_STATE,
  mechanisms: [],
}));
