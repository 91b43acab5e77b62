import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseAlways, chooseBySize, type AeadChoice } from '../src/crypto/aead-choice.js';
import { sodiumOver, TAG_BYTES } from '../src/crypto/sodium.js';
import {
  CIPHERTEXT_AT,
  ENVELOPE_OVERHEAD,
  HEADER_MAC_AT,
  KID_AT,
  LIFECYCLE_AT,
  NONCE_AT,
  USER_REF_AT,
} from '../src/envelope.js';
import type { Binding, Keyring, UserRef } from '../src/index.js';
import { openTestKeyring } from '../src/testing/index.js';
import { aeads, drivers, memory, patternOf } from './crypto/drivers.js';

const binding: Binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
/** Where one part of an envelope ends and the next begins. */
const boundaries = [0, 1, LIFECYCLE_AT, KID_AT, USER_REF_AT, NONCE_AT, HEADER_MAC_AT, CIPHERTEXT_AT] as const;

interface Case {
  readonly name: string;
  readonly choice: AeadChoice;
  /** Bytes of the plaintext. */
  readonly size: number;
  /** Of the ciphertext's inner bytes each `step`-th is changed; of all others each. */
  readonly step: number;
}

const cases: readonly Case[] = [
  { name: 'as installed, small', choice: chooseBySize(aeads), size: 16, step: 1 },
  { name: 'as installed, large', choice: chooseBySize(aeads), size: 100_000, step: 997 },
  ...drivers.map((aead) => ({ name: aead.name, choice: chooseAlways(aead), size: 16, step: 1 })),
  ...drivers.map((aead) => ({
    name: `${aead.name}, large`,
    choice: chooseAlways(aead),
    size: 4096,
    step: 1,
  })),
];

interface Sealed {
  readonly keyring: Keyring;
  readonly ada: UserRef;
  readonly bob: UserRef;
  readonly secret: Uint8Array;
  readonly envelope: Uint8Array;
}

async function sealed({ choice, size }: Case): Promise<Sealed> {
  const keyring = await openTestKeyring({ sodium: sodiumOver(memory, choice) });
  const ada = keyring.userRef('ada');
  const bob = keyring.userRef('bob');
  await keyring.ensureKeys([ada, bob]);
  const secret = patternOf(size, 17);
  return { keyring, ada, bob, secret, envelope: keyring.seal(ada, binding, secret) };
}

const headerReason = (at: number) => (at < LIFECYCLE_AT ? 'unknown-version' : 'header-mac');

/** Asked as one who waits for the reader and as one who has: neither answer may be `unavailable` or `erased`. */
function assertInvalid(
  keyring: Keyring,
  where: Binding,
  envelope: Uint8Array,
  reason: string,
  what: string,
): void {
  for (const caughtUp of [false, true]) {
    const opened = keyring.open(where, envelope, { caughtUp });
    // Thousands of these: the assertion is made once it fails.
    if (opened.outcome !== 'invalid' || opened.reason !== reason) {
      assert.deepEqual(opened, { outcome: 'invalid', reason }, what);
    }
  }
}

for (const subject of cases) {
  const { name, step, size } = subject;

  test(`${name}: every changed byte of an envelope is invalid, for the right reason`, async () => {
    const { keyring, envelope, secret } = await sealed(subject);
    assert.equal(envelope.length, ENVELOPE_OVERHEAD + size);
    for (let at = 0; at < envelope.length; at++) {
      const inner = at > CIPHERTEXT_AT && at < envelope.length - TAG_BYTES;
      if (inner && (at - CIPHERTEXT_AT) % step !== 0) continue;
      const changed = envelope.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const reason = at < CIPHERTEXT_AT ? headerReason(at) : 'ciphertext';
      assertInvalid(keyring, binding, changed, reason, `byte ${at}`);
      assert.equal(keyring.userRefOf(changed) === null, at < CIPHERTEXT_AT);
    }
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    await keyring.close();
  });

  test(`${name}: every truncation and every extension is invalid`, async () => {
    const { keyring, envelope } = await sealed(subject);
    for (let length = 0; length < envelope.length; length++) {
      if (length > ENVELOPE_OVERHEAD && (envelope.length - length) % step !== 0) continue;
      const reason = length < ENVELOPE_OVERHEAD ? 'malformed' : 'ciphertext';
      assertInvalid(keyring, binding, envelope.slice(0, length), reason, `${length} bytes`);
    }
    for (const more of [1, 16, 4096]) {
      const longer = new Uint8Array(envelope.length + more);
      longer.set(envelope);
      assertInvalid(keyring, binding, longer, 'ciphertext', `${more} more`);
    }
    await keyring.close();
  });

  test(`design 4.12, ${name}: a value moved to another stream, type, event or field does not open`, async () => {
    const { keyring, envelope, secret } = await sealed(subject);
    const { stream, type, eventId, path } = binding;
    const moves: Binding[] = [
      { ...binding, type: 'Deleted' },
      { ...binding, stream: 'lessons.retry' },
      { ...binding, eventId: 'e-2' },
      { ...binding, path: 'email' },
      { ...binding, path: '' },
      // The same characters, cut elsewhere: lengths keep the texts apart.
      { ...binding, stream: `${stream}${type[0]}`, type: type.slice(1) },
      { ...binding, type: `${type}${eventId[0]}`, eventId: eventId.slice(1) },
      { ...binding, eventId: `${eventId}${path}`, path: '' },
      // Two of the four swapped.
      { ...binding, stream: type, type: stream },
      { ...binding, stream: eventId, eventId: stream },
      { ...binding, stream: path, path: stream },
      { ...binding, type: eventId, eventId: type },
      { ...binding, type: path, path: type },
      { ...binding, eventId: path, path: eventId },
    ];
    for (const moved of moves) assertInvalid(keyring, moved, envelope, 'ciphertext', JSON.stringify(moved));
    assert.deepEqual(keyring.open(binding, envelope), { outcome: 'value', value: secret });
    await keyring.close();
  });

  test(`design 4.12, ${name}: no part of another envelope fits: of a user, stream, type, event or field`, async () => {
    const { keyring, ada, bob, secret, envelope } = await sealed(subject);
    const others: [UserRef, Binding][] = [
      [bob, binding],
      [ada, binding],
      [ada, { ...binding, stream: 'exams' }],
      [ada, { ...binding, type: 'Left' }],
      [ada, { ...binding, eventId: 'e-2' }],
      [ada, { ...binding, path: 'email' }],
    ];
    for (const [user, where] of others) {
      const other = keyring.seal(user, where, secret);
      const ends = [...boundaries, envelope.length - TAG_BYTES, envelope.length];
      for (const [first, from] of ends.entries()) {
        for (const to of ends.slice(first + 1)) {
          const spliced = envelope.slice();
          spliced.set(other.subarray(from, to), from);
          assertSplice(keyring, { envelope, other, spliced, where, from, to });
        }
      }
    }
    await keyring.close();
  });
}

interface Splice {
  readonly envelope: Uint8Array;
  readonly other: Uint8Array;
  readonly spliced: Uint8Array;
  readonly where: Binding;
  readonly from: number;
  readonly to: number;
}

/** Nothing but one of the two whole envelopes opens, and that one where it was sealed for only. */
function assertSplice(keyring: Keyring, { envelope, other, spliced, where, from, to }: Splice): void {
  for (const target of [binding, where]) {
    const { outcome } = keyring.open(target, spliced, { caughtUp: true });
    const whole =
      (target === binding && isSame(spliced, envelope)) || (target === where && isSame(spliced, other));
    assert.equal(outcome, whole ? 'value' : 'invalid', `bytes ${from} to ${to}`);
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
