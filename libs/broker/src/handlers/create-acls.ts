import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noAuthorizer } from './no-authorizer.js';

/* CreateAcls, versions 1 to 3: SECURITY_DISABLED for each, as Kafka answers without an authorizer. */
export const createAcls = defineHandler(apis.createAcls, { versions: [1, 3] }, ({ creations }) => ({
  throttleTimeMs: 0,
  results: creations.map(() => ({ errorCode: ErrorCode.SECURITY_DISABLED, errorMessage: noAuthorizer })),
}));
