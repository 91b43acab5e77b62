import { api } from '../schema/api.js';
import { int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const createAcls = api({
  key: 30,
  name: 'CreateAcls',
  request: message(
    'CreateAclsRequest',
    { versions: '1-3', flexible: '2+' },
    {
      creations: structs({
        resourceType: int8(),
        resourceName: string(),
        resourcePatternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    },
  ),
  response: message(
    'CreateAclsResponse',
    { versions: '1-3', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      results: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    },
  ),
});
