import { apis } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { noError } from './answer-error.js';

/* ListPartitionReassignments, version 0: with one broker none is ever under way. */
export const listPartitionReassignments = defineHandler(
  apis.listPartitionReassignments,
  { versions: [0, 0] },
  () => ({ throttleTimeMs: 0, ...noError, topics: [] }),
);
