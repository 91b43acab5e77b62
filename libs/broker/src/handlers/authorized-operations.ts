/** Bits of org.apache.kafka.common.acl.AclOperation. Without an authorizer everybody may do everything, and is told so. */
const bits = (...operations: readonly number[]): number =>
  operations.reduce((field, bit) => field | (1 << bit), 0);

const [read, write, create, remove, alter, describe] = [3, 4, 5, 6, 7, 8] as const;
const [clusterAction, describeConfigs, alterConfigs, idempotentWrite] = [9, 10, 11, 12] as const;

/** What stands in an answer whose client did not ask. */
export const notAsked = -2147483648;
export const topicOperations = bits(
  read,
  write,
  create,
  remove,
  alter,
  describe,
  describeConfigs,
  alterConfigs,
);
export const clusterOperations = bits(
  create,
  alter,
  describe,
  clusterAction,
  describeConfigs,
  alterConfigs,
  idempotentWrite,
);
export const groupOperations = bits(read, remove, describe, describeConfigs, alterConfigs);
