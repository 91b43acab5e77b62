import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  request: message(
    'OffsetFetchRequest',
    { versions: '1-9', flexible: '6+' },
    {
      groupId: string({ versions: '0-7' }),
      topics: structs(
        {
          name: string(),
          partitionIndexes: array(int32()),
        },
        { versions: '0-7', nullable: '2-7' },
      ),
      groups: structs(
        {
          groupId: string(),
          memberId: string({ versions: '9+', nullable: '9+', default: null, ignorable: true }),
          memberEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
          topics: structs(
            {
              name: string(),
              partitionIndexes: array(int32()),
            },
            { nullable: '8+' },
          ),
        },
        { versions: '8+' },
      ),
      requireStable: boolean({ versions: '7+', default: false }),
    },
  ),
  response: message(
    'OffsetFetchResponse',
    { versions: '1-9', flexible: '6+' },
    {
      throttleTimeMs: int32({ versions: '3+', ignorable: true }),
      topics: structs(
        {
          name: string(),
          partitions: structs({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ versions: '5-7', default: -1, ignorable: true }),
            metadata: string({ nullable: '0-7' }),
            errorCode: int16(),
          }),
        },
        { versions: '0-7' },
      ),
      errorCode: int16({ versions: '2-7', default: 0, ignorable: true }),
      groups: structs(
        {
          groupId: string(),
          topics: structs({
            name: string(),
            partitions: structs({
              partitionIndex: int32(),
              committedOffset: int64(),
              committedLeaderEpoch: int32({ default: -1 }),
              metadata: string({ nullable: '8+' }),
              errorCode: int16(),
            }),
          }),
          errorCode: int16({ default: 0 }),
        },
        { versions: '8+' },
      ),
    },
  ),
});
