import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  endTxnMarker,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  requestHeader,
  responseHeader,
  transactionLogKey,
  transactionLogValue,
  type Fields,
  type Message,
} from '../../src/index.js';

/** The tables that belong to no API. */
export const DATA_MESSAGES = [
  requestHeader,
  responseHeader,
  consumerProtocolSubscription,
  consumerProtocolAssignment,
  endTxnMarker,
  offsetCommitKey,
  offsetCommitValue,
  groupMetadataKey,
  groupMetadataValue,
  transactionLogKey,
  transactionLogValue,
] as unknown as readonly Message<Fields>[];
