import { api } from '../schema/api.js';
import { array, boolean, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  request: message(
    'DescribeConfigsRequest',
    { versions: '1-4', flexible: '4+' },
    {
      resources: structs({
        resourceType: int8(),
        resourceName: string(),
        configurationKeys: array(string(), { nullable: '0+' }),
      }),
      includeSynonyms: boolean({ default: false }),
      includeDocumentation: boolean({ versions: '3+', default: false }),
    },
  ),
  response: message(
    'DescribeConfigsResponse',
    { versions: '1-4', flexible: '4+' },
    {
      throttleTimeMs: int32({ default: 0 }),
      results: structs({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
        configs: structs({
          name: string(),
          value: string({ nullable: '0+' }),
          readOnly: boolean(),
          configSource: int8({ default: -1 }),
          isSensitive: boolean(),
          synonyms: structs({
            name: string(),
            value: string({ nullable: '0+' }),
            source: int8(),
          }),
          configType: int8({ versions: '3+', default: 0, ignorable: true }),
          documentation: string({ versions: '3+', nullable: '0+', ignorable: true }),
        }),
      }),
    },
  ),
});
