// Opens the wrapped user keys of a key topic, from libs/keyring/SPEC.md (sections 4, 5, 7) and node:crypto alone: what is looked for on
// the disk is then no answer of the product's.
import { createDecipheriv } from 'node:crypto';

const tagBytes = 16;
const nonceBytes = 24;

/** `records`: `{ key, value }` of the key topic as they stand; `masterKey`: 32 bytes. Gives `{ userRef, wrapped, raw }` of each user key. */
export function unwrapUserKeys(records, masterKey) {
  const deployment = records.find(({ key, value }) => value !== null && /^!deployment#/.test(key));
  if (deployment === undefined) throw new Error('the key topic has no deployment record');
  const wrappingKeys = wrappingKeysOf(deployment, masterKey);
  const found = [];
  for (const { key, value } of records) {
    const [, userRef, kid] = /^([0-9a-f]{32})#([0-9a-f]{16})$/.exec(key) ?? [];
    if (userRef === undefined || value?.length !== 106) continue;
    const head = value.subarray(0, 34);
    const ids = [Buffer.from(userRef, 'hex'), Buffer.from(kid, 'hex')];
    const bound = Buffer.concat([text('oubliette/v1/key-record'), head, ...ids]);
    const wrapped = value.subarray(34);
    const raw = open(wrappingKeys.get(head.readUInt32BE(2)), wrapped, bound);
    found.push({ userRef, wrapped: Buffer.from(wrapped), raw });
  }
  return found;
}

function wrappingKeysOf({ key, value }, masterKey) {
  if (value[0] !== 1) throw new Error('the deployment record is not of version 1');
  const id = Buffer.from(key.slice('!deployment#'.length), 'hex');
  const bound = Buffer.concat([
    text('oubliette/v1/deployment'),
    value.subarray(0, 1),
    id,
    value.subarray(1, 21),
  ]);
  const secrets = open(masterKey, value.subarray(21), bound);
  const keys = new Map();
  for (let index = 0, at = 37; index < secrets[36]; index++, at += 36)
    keys.set(secrets.readUInt32BE(at), secrets.subarray(at + 4, at + 36));
  return keys;
}

/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): a nonce, and what it sealed. Throws where it does not open. */
function open(key, sealed, bound) {
  const nonce = sealed.subarray(0, nonceBytes);
  const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
  const own = hChaCha20(key, nonce.subarray(0, 16));
  const short = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const decipher = createDecipheriv('chacha20-poly1305', own, short, { authTagLength: tagBytes });
  decipher.setAAD(bound, { plaintextLength: body.length });
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

/** Section 2.2 of the draft: ChaCha20's rounds without the final addition, the first and the last row. */
function hChaCha20(key, nonce) {
  const state = new Uint32Array(16);
  state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let word = 0; word < 8; word++) state[4 + word] = key.readUInt32LE(4 * word);
  for (let word = 0; word < 4; word++) state[12 + word] = nonce.readUInt32LE(4 * word);
  const turn = (to, from, into, by) => {
    state[to] += state[from];
    const mixed = state[into] ^ state[to];
    state[into] = (mixed << by) | (mixed >>> (32 - by));
  };
  const quarter = (a, b, c, d) => {
    turn(a, b, d, 16);
    turn(c, d, b, 12);
    turn(a, b, d, 8);
    turn(c, d, b, 7);
  };
  for (let round = 0; round < 10; round++) {
    for (let column = 0; column < 4; column++) quarter(column, 4 + column, 8 + column, 12 + column);
    for (let column = 0; column < 4; column++)
      quarter(column, 4 + ((column + 1) % 4), 8 + ((column + 2) % 4), 12 + ((column + 3) % 4));
  }
  const out = Buffer.alloc(32);
  for (let word = 0; word < 4; word++) {
    out.writeUInt32LE(state[word], 4 * word);
    out.writeUInt32LE(state[12 + word], 16 + 4 * word);
  }
  return out;
}

/** `lp(s)`: the UTF-8 after its length. */
function text(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
