import { api } from '../schema/api.js';
import { boolean, float64, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  request: message(
    'DescribeClientQuotasRequest',
    { versions: '0-1', flexible: '1+' },
    {
      components: structs({
        entityType: string(),
        matchType: int8(),
        match: string({ nullable: '0+' }),
      }),
      strict: boolean(),
    },
  ),
  response: message(
    'DescribeClientQuotasResponse',
    { versions: '0-1', flexible: '1+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      entries: structs(
        {
          entity: structs({
            entityType: string(),
            entityName: string({ nullable: '0+' }),
          }),
          values: structs({
            key: string(),
            value: float64(),
          }),
        },
        { nullable: '0+' },
      ),
    },
  ),
});
