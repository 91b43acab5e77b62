import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Entropy } from '@oubliette/runtime';
import { SystemEntropy } from '@oubliette/runtime';
import type { Keyring } from '../keyring.js';
import { binding, isKeyOf, secret, type Check } from './keyring-stage.js';

/** Of a new key's draw: the kid and the nonce come before the key (SPEC.md, section 5). */
const KID_BYTES = 8;
const KEY_AT = KID_BYTES + 24;
const KEY_BYTES = 32;
/** So many bytes of a key in a row are found. */
const PIECE_BYTES = 8;
const USERS = 20;

/** What nobody may see, over any key log. */
export function secrecyContract(check: Check): void {
  check(
    'design 4.13: neither user id, value nor purpose stands in clear in a record or an envelope',
    async (stage) => {
      const keyring = await stage.keyring();
      const userId = 'zebedee.qwyxley@example.org';
      const value = new TextEncoder().encode('Qwyxley-under-Lyme');
      const userRef = keyring.userRef(userId);
      await keyring.ensureKeys([userRef], 'newsletter');
      const envelope = keyring.seal(userRef, binding, value, 'newsletter');
      await keyring.withdraw(userRef, 'newsletter');
      await keyring.forget(userRef);
      const records = (await stage.scan()).flatMap(({ key, value: stored }) => [
        key,
        stored ?? Buffer.alloc(0),
      ]);
      for (const wanted of [userId, 'qwyxley', 'Qwyxley', 'newsletter']) {
        for (const bytes of [...records, envelope])
          assert.equal(Buffer.from(bytes).includes(wanted), false, wanted);
      }
    },
  );

  check(
    'design 4.15: no byte of a user key stands in a record, an alarm, an error or an inspection',
    async (stage) => {
      const entropy = new NotedEntropy();
      const keyring = await stage.keyring({ entropy });
      const refs = Array.from({ length: USERS }, (_, index) => keyring.userRef(`user ${index}`));
      const alarms: unknown[] = [];
      keyring.onAlarm((alarm) => alarms.push(alarm));
      await keyring.ensureKeys(refs);
      const keys = keysOf(keyring, entropy);
      assert.equal(keys.length, USERS);
      const [attacked] = refs;
      assert.ok(attacked);
      const record = (await stage.scan()).find(({ key }) => isKeyOf(key, attacked));
      assert.ok(record?.value);
      const forged = record.value.map((byte) => byte ^ 1);
      await (await stage.log()).append(record.partition, [{ key: record.key, value: forged }]);
      await keyring.catchUp(refs);
      const errors = [
        await failureOf(() => keyring.beginLifecycle(attacked)),
        await failureOf(() => keyring.seal(keyring.userRef('nobody'), binding, secret)),
        await failureOf(() => keyring.seal(attacked, binding, new Uint8Array(2 ** 25))),
      ];
      const holders = [keyring, alarms, errors, [...keyring.list()], await keyring.forget(attacked)];
      assert.equal(alarms.length, 1);
      const shown = holders.map(textOf).join('\n');
      const written = Buffer.concat(
        (await stage.scan()).flatMap(({ key, value }) => [key, value ?? Buffer.alloc(0)]),
      );
      for (const key of keys) {
        assert.equal(isShown(key, textOf({ leak: [key] })), true, 'the search finds what is there');
        assert.equal(isShown(key, shown), false);
        assert.equal(
          piecesOf(key).some((piece) => written.includes(piece)),
          false,
        );
      }
    },
  );
}

const everything = { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity };

const textOf = (holder: unknown): string => inspect(holder, everything).replaceAll(/\s+/g, ' ');

function piecesOf(key: Uint8Array): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < key.length; at += PIECE_BYTES)
    pieces.push(Buffer.from(key.subarray(at, at + PIECE_BYTES)));
  return pieces;
}

/** As hex, as an array or a buffer is shown, or in base64. */
function isShown(key: Uint8Array, text: string): boolean {
  const forms = piecesOf(key).flatMap((piece) => {
    const hex = piece.toString('hex');
    return [hex, hex.replaceAll(/..(?!$)/g, '$& '), piece.join(', ')];
  });
  return forms.some((form) => text.includes(form)) || text.includes(Buffer.from(key).toString('base64'));
}

/** Random bytes, and a note of all that were given. */
class NotedEntropy implements Entropy {
  readonly #source = new SystemEntropy();
  #given = Buffer.alloc(0);

  fill(target: Uint8Array): void {
    this.#source.fill(target);
    this.#given = Buffer.concat([this.#given, target]);
  }

  /** What was drawn right behind these bytes. */
  after(bytes: Uint8Array, from: number, length: number): Uint8Array {
    const at = this.#given.indexOf(bytes);
    assert.ok(at >= 0, 'it was drawn here');
    return Uint8Array.from(this.#given.subarray(at + from, at + from + length));
  }
}

/** The bytes of the user keys that the keyring made, found by their kids among what it drew. */
function keysOf(keyring: Keyring, entropy: NotedEntropy): Uint8Array[] {
  return [...keyring.list()].flatMap(({ kids }) =>
    kids.map((kid) => entropy.after(Buffer.from(kid, 'hex'), KEY_AT, KEY_BYTES)),
  );
}

async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  assert.fail('it did not fail');
}
