import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noAuthorizer } from './no-authorizer.js';

/* DescribeAcls, versions 1 to 3: SECURITY_DISABLED, as Kafka answers without an authorizer. */
export const describeAcls = defineHandler(apis.describeAcls, { versions: [1, 3] }, () => ({
  throttleTimeMs: 0,
  errorCode: ErrorCode.SECURITY_DISABLED,
  errorMessage: noAuthorizer,
  resources: [],
}));
