import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int64, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  request: message(
    'DescribeLogDirsRequest',
    { versions: '1-4', flexible: '2+' },
    {
      topics: structs(
        {
          topic: string(),
          partitions: array(int32()),
        },
        { nullable: '0+' },
      ),
    },
  ),
  response: message(
    'DescribeLogDirsResponse',
    { versions: '1-4', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16({ versions: '3+', ignorable: true }),
      results: structs({
        errorCode: int16(),
        logDir: string(),
        topics: structs({
          name: string(),
          partitions: structs({
            partitionIndex: int32(),
            partitionSize: int64(),
            offsetLag: int64(),
            isFutureKey: boolean(),
          }),
        }),
        totalBytes: int64({ versions: '4+', default: -1n, ignorable: true }),
        usableBytes: int64({ versions: '4+', default: -1n, ignorable: true }),
      }),
    },
  ),
});
