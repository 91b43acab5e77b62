import { api } from '../schema/api.js';
import { boolean, int16, int32, int8, string, structs } from '../schema/field.js';
import { message } from '../schema/message.js';

export const updateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  request: message(
    'UpdateFeaturesRequest',
    { versions: '0-2', flexible: '0+' },
    {
      timeoutMs: int32({ default: 60000 }),
      featureUpdates: structs({
        feature: string(),
        maxVersionLevel: int16(),
        allowDowngrade: boolean({ versions: '0' }),
        upgradeType: int8({ versions: '1+', default: 1 }),
      }),
      validateOnly: boolean({ versions: '1+', default: false }),
    },
  ),
  response: message(
    'UpdateFeaturesResponse',
    { versions: '0-2', flexible: '0+' },
    {
      throttleTimeMs: int32(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      results: structs(
        {
          feature: string(),
          errorCode: int16(),
          errorMessage: string({ nullable: '0+' }),
        },
        { versions: '0-1', ignorable: true },
      ),
    },
  ),
});
