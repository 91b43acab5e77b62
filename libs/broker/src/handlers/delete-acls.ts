import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noAuthorizer } from './no-authorizer.js';

/* DeleteAcls, versions 1 to 3: SECURITY_DISABLED for each, as Kafka answers without an authorizer. */
export const deleteAcls = defineHandler(apis.deleteAcls, { versions: [1, 3] }, ({ filters }) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({
    errorCode: ErrorCode.SECURITY_DISABLED,
    errorMessage: noAuthorizer,
    matchingAcls: [],
  })),
}));
