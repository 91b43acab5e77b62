import { array, bytes, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

/** The embedded consumer protocol: what stands in the metadata of JoinGroup and the assignment of SyncGroup, behind an int16 version. */
export const consumerProtocolSubscription = message(
  'ConsumerProtocolSubscription',
  { versions: '0-3' },
  {
    topics: array(string()),
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: structs(
      {
        topic: string(),
        partitions: array(int32()),
      },
      { versions: '1+', ignorable: true },
    ),
    generationId: int32({ versions: '2+', default: -1, ignorable: true }),
    rackId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  },
);

export const consumerProtocolAssignment = message(
  'ConsumerProtocolAssignment',
  { versions: '0-3' },
  {
    assignedPartitions: structs({
      topic: string(),
      partitions: array(int32()),
    }),
    userData: bytes({ nullable: '0+', default: null }),
  },
);
