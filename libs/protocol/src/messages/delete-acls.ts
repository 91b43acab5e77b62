import { api } from '../schema/api.js';
import { int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const deleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  request: message(
    'DeleteAclsRequest',
    { versions: '1-3', flexible: '2+' },
    {
      filters: structs({
        resourceTypeFilter: int8(),
        resourceNameFilter: string({ nullable: '0+' }),
        patternTypeFilter: int8({ default: 3 }),
        principalFilter: string({ nullable: '0+' }),
        hostFilter: string({ nullable: '0+' }),
        operation: int8(),
        permissionType: int8(),
      }),
    },
  ),
  response: message(
    'DeleteAclsResponse',
    { versions: '1-3', flexible: '2+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      filterResults: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        matchingAcls: structs({
          errorCode: int16(),
          errorMessage: string({ nullable: '0+' }),
          resourceType: int8(),
          resourceName: string(),
          patternType: int8({ default: 3 }),
          principal: string(),
          host: string(),
          operation: int8(),
          permissionType: int8(),
        }),
      }),
    },
  ),
});
