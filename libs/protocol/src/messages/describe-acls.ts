import { api } from '../schema/api.js';
import { int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  request: message(
    'DescribeAclsRequest',
    { versions: '1-3', flexible: '2+' },
    {
      resourceTypeFilter: int8(),
      resourceNameFilter: string({ nullable: '0+' }),
      patternTypeFilter: int8({ default: 3 }),
      principalFilter: string({ nullable: '0+' }),
      hostFilter: string({ nullable: '0+' }),
      operation: int8(),
      permissionType: int8(),
    },
  ),
  response: message(
    'DescribeAclsResponse',
    { versions: '1-3', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resources: structs({
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        acls: structs({
          principal: string(),
          host: string(),
          operation: int8(),
          permissionType: int8(),
        }),
      }),
    },
  ),
});
