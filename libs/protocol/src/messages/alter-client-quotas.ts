import { api } from '../schema/api.js';
import { boolean, float64, int16, int32, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const alterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  request: message(
    'AlterClientQuotasRequest',
    { versions: '0-1', flexible: '1+' },
    {
      entries: structs({
        entity: structs({
          entityType: string(),
          entityName: string({ nullable: '0+' }),
        }),
        ops: structs({
          key: string(),
          value: float64(),
          remove: boolean(),
        }),
      }),
      validateOnly: boolean(),
    },
  ),
  response: message(
    'AlterClientQuotasResponse',
    { versions: '0-1', flexible: '1+' },
    {
      throttleTimeMs: int32(),
      entries: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        entity: structs({
          entityType: string(),
          entityName: string({ nullable: '0+' }),
        }),
      }),
    },
  ),
});
