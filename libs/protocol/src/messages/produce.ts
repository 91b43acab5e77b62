import { api } from '../schema/api.js';
import { int16, int32, int64, records, string, struct, structs, uuid } from '../schema/field.js';
import { message } from '../schema/message.js';

export const produce = api({
  key: 0,
  name: 'Produce',
  request: message(
    'ProduceRequest',
    { versions: '3-13', flexible: '9+' },
    {
      transactionalId: string({ nullable: '3+', default: null }),
      acks: int16(),
      timeoutMs: int32(),
      topicData: structs({
        name: string({ versions: '0-12', ignorable: true }),
        topicId: uuid({ versions: '13+', ignorable: true }),
        partitionData: structs({
          index: int32(),
          records: records({ nullable: '0+' }),
        }),
      }),
    },
  ),
  response: message(
    'ProduceResponse',
    { versions: '3-13', flexible: '9+' },
    {
      responses: structs({
        name: string({ versions: '0-12', ignorable: true }),
        topicId: uuid({ versions: '13+', ignorable: true }),
        partitionResponses: structs({
          index: int32(),
          errorCode: int16(),
          baseOffset: int64(),
          logAppendTimeMs: int64({ default: -1n }),
          logStartOffset: int64({ versions: '5+', default: -1n, ignorable: true }),
          recordErrors: structs(
            {
              batchIndex: int32(),
              batchIndexErrorMessage: string({ nullable: '8+', default: null }),
            },
            { versions: '8+', ignorable: true },
          ),
          errorMessage: string({ versions: '8+', nullable: '8+', default: null, ignorable: true }),
          currentLeader: struct(
            {
              leaderId: int32({ default: -1 }),
              leaderEpoch: int32({ default: -1 }),
            },
            { versions: '10+', tag: 0 },
          ),
        }),
      }),
      throttleTimeMs: int32({ default: 0 }),
      nodeEndpoints: structs(
        {
          nodeId: int32(),
          host: string(),
          port: int32(),
          rack: string({ nullable: '10+', default: null }),
        },
        { versions: '10+', tag: 0 },
      ),
    },
  ),
});
