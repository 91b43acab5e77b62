import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ManualClock } from '@oubliette/runtime/testing';
import { KEY_BYTES, loadSodium, type Sodium } from '../src/crypto/sodium.js';
import { KeySlab } from '../src/key-slab.js';
import { InMemoryKeyTopic, openTestKeyring } from '../src/testing/index.js';
import { failsWith } from './process.js';

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Every array of 32 bytes that was given as a key, or came out as one. */
async function watchedSodium(keys: Set<Uint8Array>): Promise<Sodium> {
  const sodium = await loadSodium();
  const seen = <T extends Uint8Array | null>(bytes: T): T => {
    if (bytes?.length === KEY_BYTES) keys.add(bytes);
    return bytes;
  };
  return {
    ...sodium,
    mac: (key, message, length) => seen(sodium.mac(key, message, length)),
    decrypt: (key, nonce, ad, ciphertext) => seen(sodium.decrypt(seen(key), nonce, ad, ciphertext)),
  };
}

/** The places where user keys are kept. */
function watchedSlabs(context: TestContext): Uint8Array[] {
  const places: Uint8Array[] = [];
  const { keep } = KeySlab.prototype;
  context.mock.method(KeySlab.prototype, 'keep', function (this: KeySlab, key: Uint8Array, owner: number) {
    const place = keep.call(this, key, owner);
    places.push(this.view(place));
    return place;
  });
  return places;
}

const failures = [
  ['KEYRING_UNAVAILABLE', 'the connection is lost behind the replay'],
  ['SODIUM_OUT_OF_MEMORY', 'no memory is left for the last step'],
] as const;

for (const [code, what] of failures) {
  test(`design 4.15: an opening that fails leaves no key in memory and nothing scheduled: ${what}`, async (context) => {
    const topic = new InMemoryKeyTopic();
    const before = await openTestKeyring({ topic });
    await before.ensureKeys(['ada', 'ben'].map((userId) => before.userRef(userId)));
    await before.close();

    const keys = new Set<Uint8Array>();
    const places = watchedSlabs(context);
    const sodium = await watchedSodium(keys);
    const clock = new ManualClock();
    const log = topic.open();
    const follow = log.follow.bind(log);
    const leftOver = () => [...keys, ...places].filter((bytes) => !isZero(bytes)).length;
    context.mock.method(log, 'follow', async (listener: Parameters<typeof follow>[0]) => {
      await follow(listener);
      assert.equal(leftOver(), 7 + 1 + 2, 'subkeys, wrapping key, user keys');
      if (code === 'KEYRING_UNAVAILABLE') throw new Error('the connection is gone');
      context.mock.method(sodium.memory, '_malloc', () => 0);
    });
    await assert.rejects(openTestKeyring({ log, clock, sodium }), failsWith(code));
    assert.equal(places.length, 2);
    assert.equal(leftOver(), 0);
    assert.equal(clock.pending, 0);
  });
}
