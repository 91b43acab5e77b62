import { api } from '../schema/api.js';
import { array, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const alterReplicaLogDirs = api({
  key: 34,
  name: 'AlterReplicaLogDirs',
  request: message(
    'AlterReplicaLogDirsRequest',
    { versions: '1-2', flexible: '2+' },
    {
      dirs: structs({
        path: string(),
        topics: structs({
          name: string(),
          partitions: array(int32()),
        }),
      }),
    },
  ),
  response: message(
    'AlterReplicaLogDirsResponse',
    { versions: '1-2', flexible: '2+' },
    {
      throttleTimeMs: int32(),
      results: structs({
        topicName: string(),
        partitions: structs({
          partitionIndex: int32(),
          errorCode: int16(),
        }),
      }),
    },
  ),
});
