import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/* SaslAuthenticate, versions 0 to 2: ILLEGAL_SASL_STATE, as Kafka answers where nobody has to authenticate (KafkaApis). */
export const saslAuthenticate = defineHandler(apis.saslAuthenticate, { versions: [0, 2] }, () => ({
  errorCode: ErrorCode.ILLEGAL_SASL_STATE,
  errorMessage: 'SaslAuthenticate request received after successful authentication',
  authBytes: new Uint8Array(0),
  sessionLifetimeMs: 0n,
}));
