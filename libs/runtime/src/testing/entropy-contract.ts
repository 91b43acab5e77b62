import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entropy } from '../entropy.js';

/** What every Entropy does. */
export function entropyContract(make: () => Entropy): void {
  test('fills the whole target and nothing beside it', () => {
    const entropy = make();
    for (const length of [0, 1, 24, 1_000, 40_000]) {
      const space = new Uint8Array(length + 2);
      const seen = new Uint8Array(length);
      // A byte stays zero in 20 fillings with a chance of 256^-20.
      for (let round = 0; round < 20; round++) {
        entropy.fill(space.subarray(1, length + 1));
        for (let index = 0; index < length; index++) seen[index]! |= space[index + 1]!;
      }
      assert.ok(seen.every((byte) => byte !== 0));
      assert.deepEqual([space[0], space[length + 1]], [0, 0]);
    }
  });

  test('never hands out the same bytes twice', () => {
    const entropy = make();
    const seen = new Set<string>();
    for (let round = 0; round < 2_000; round++) {
      const nonce = new Uint8Array(24);
      entropy.fill(nonce);
      seen.add(Buffer.from(nonce).toString('hex'));
    }
    assert.equal(seen.size, 2_000);
  });

  test('byte values are spread evenly', () => {
    const sample = new Uint8Array(256 * 400);
    make().fill(sample);
    const counts = new Uint32Array(256);
    for (const byte of sample) counts[byte]!++;
    // 400 expected, standard deviation 20: eight of them either way.
    assert.ok(
      counts.every((count) => count > 240 && count < 560),
      `${Math.min(...counts)}..${Math.max(...counts)}`,
    );
  });
}
