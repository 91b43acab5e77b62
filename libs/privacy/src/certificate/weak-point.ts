/** Of the field of Ed25519 (RFC 8032, section 5.1). */
const p = 2n ** 255n - 19n;
/** The second coordinate of points of order 8; the other four have `-orderEight`, those of order 1, 2 and 4 have 1, -1 and 0. */
const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const weak = new Set([0n, 1n, p - 1n, orderEight, p - orderEight]);

/**
 * Whether 32 bytes are a point of small order, or one that is not written as RFC 8032 (section 5.1.2) has it. A signature that has one
 * proves nothing: under such a key one signature fits many messages. OpenSSL takes them, libsodium does not.
 */
export function isWeakPoint(encoded: Uint8Array): boolean {
  const y = BigInt.asUintN(255, BigInt(`0x${Buffer.from(encoded).reverse().toString('hex')}`));
  return y >= p || weak.has(y);
}
