import kafkajs, { type ICustomPartitioner } from 'kafkajs';

const USER_REF_DIGITS = 32;
const HASH = 0x23;

/**
 * The partition that Java's producer chooses for a key, murmur2 of its bytes; for the key of a user's record, `<userRef>#…`, that of the
 * pseudonym alone. All of a user stands in one partition then, in order, however the records are named.
 */
export const userPartitioner: ICustomPartitioner = () => {
  const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  return (args) => {
    const { key } = args.message;
    if (!Buffer.isBuffer(key) || !namesUser(key)) return partitionOf(args);
    return partitionOf({ ...args, message: { ...args.message, key: key.subarray(0, USER_REF_DIGITS) } });
  };
};

function namesUser(key: Uint8Array): boolean {
  if (key[USER_REF_DIGITS] !== HASH) return false;
  for (let index = 0; index < USER_REF_DIGITS; index++) {
    const code = key[index] as number;
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false;
  }
  return true;
}
