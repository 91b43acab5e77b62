import { int32 } from '../schema/field.js';
import { message } from '../schema/message.js';

/** The value of a control record that ends a transaction, behind an int16 version. */
export const endTxnMarker = message(
  'EndTxnMarker',
  { versions: '0' },
  {
    coordinatorEpoch: int32(),
  },
);
