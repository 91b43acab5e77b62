import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { Entropy } from '@oubliette/runtime';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { KeyringError, type Keyring } from '../src/index.js';
import { openTestKeyring, testMasterKeys } from '../src/testing/index.js';

const WINDOW = 12;

/** Random bytes, and a note of all that were given: every key of a keyring is among them. */
class NotedEntropy implements Entropy {
  readonly given: Uint8Array[] = [];
  readonly #source = new SeededEntropy(7);

  fill(target: Uint8Array): void {
    this.#source.fill(target);
    this.given.push(target.slice());
  }
}

/** True when 12 bytes in a row of what was drawn stand in the text: as hex, or as the numbers that an array is shown as. */
function shows(text: string, drawn: Uint8Array): boolean {
  const numbers = text.replaceAll(/\s+/g, ' ');
  for (let at = 0; at + WINDOW <= drawn.length; at++) {
    const window = drawn.subarray(at, at + WINDOW);
    if (text.includes(Buffer.from(window).toString('hex')) || numbers.includes(window.join(', ')))
      return true;
  }
  return false;
}

const shown = (holder: unknown) =>
  inspect(holder, { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity });

async function errorsOf(keyring: Keyring): Promise<unknown[]> {
  const ada = keyring.userRef('ada');
  const binding = { stream: 's', type: 't', eventId: 'e', path: 'p' };
  const errors: unknown[] = [];
  const failing: (() => unknown)[] = [
    () => keyring.seal(keyring.userRef('nobody'), binding, new Uint8Array(1)),
    () => keyring.seal(ada, binding, new Uint8Array(17 * 1024 * 1024)),
    () => keyring.userRef(''),
    () => keyring.beginLifecycle(ada),
  ];
  for (const fail of failing) {
    try {
      await fail();
    } catch (error) {
      errors.push(error);
    }
  }
  assert.equal(errors.length, failing.length);
  assert.ok(errors.every((error) => error instanceof KeyringError));
  return errors;
}

test('the search finds bytes in what is shown of an array and of hex', () => {
  const drawn = Uint8Array.from({ length: 40 }, (_, index) => 200 - index);
  assert.equal(shows(shown({ deep: [{ key: drawn.slice(5, 25) }] }), drawn), true);
  assert.equal(shows(shown({ key: Buffer.from(drawn).toString('hex') }), drawn), true);
  assert.equal(shows(shown({ key: new Uint8Array(32) }), drawn), false);
});

test('design 4.15: neither keyring nor master keys nor errors show a byte of a key when inspected', async () => {
  const entropy = new NotedEntropy();
  const masterKeys = await testMasterKeys();
  const keyring = await openTestKeyring({ entropy, masterKeys });
  await keyring.ensureKeys([keyring.userRef('ada'), keyring.userRef('bob')]);
  const holders = [keyring, masterKeys, ...(await errorsOf(keyring)), [...keyring.list()], keyring.size()];
  const texts = holders.map(shown);
  assert.ok(entropy.given.length > 0);
  // The pool is drawn in blocks of which the first few hundred bytes became keys.
  for (const drawn of entropy.given) {
    for (const text of texts) assert.equal(shows(text, drawn.subarray(0, 1000)), false);
  }
  await keyring.close();
});
