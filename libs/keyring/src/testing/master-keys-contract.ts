import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { KeyringError } from '../errors.js';
import type { MasterKeys } from '../master-keys/master-keys.js';
import { failsWith } from './fails-with.js';

/** Fresh master keys of one epoch. */
export interface MasterKeysHarness {
  /** The same keys, as another process would open them. */
  open(): Promise<MasterKeys>;
  /** Another deployment's. */
  openForeign(): Promise<MasterKeys>;
  /** Where keys turn with the deployment only: what the operator does before `advance` and `destroy` are called. */
  readonly deployment?: { addEpoch(): void; removeEpoch(epoch: number): void };
  /** The service refuses, in place of telling that the bytes are another key's: moto does. */
  readonly refusesOtherKeys?: boolean;
  /** Secrets that must not show when the keys are inspected: tokens, key bytes in base64. */
  secrets(): readonly string[];
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const context = bytes('a context');
const secret = new Uint8Array(69).map((_, index) => 200 + (index % 50));

/** What every driver of MasterKeys does. Run it on each: `masterKeysContract('key file', async () => harness)`. */
export function masterKeysContract(name: string, make: () => Promise<MasterKeysHarness>): void {
  const check = (what: string, body: (around: Opened) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      const harness = await make();
      const around = new Opened(harness);
      try {
        await body(around);
      } finally {
        around.close();
        await harness.dispose();
      }
    });
  };

  check('what one process wraps another unwraps, and it shows nothing of the secret', async (around) => {
    const keys = await around.open();
    const other = await around.open();
    assert.deepEqual(other.current, keys.current);
    assert.match(keys.current.fingerprint, /^[0-9a-f]{32}$/);
    assert.ok(keys.current.epoch >= 1);
    const wrapped = await keys.wrap(context, secret);
    assert.equal(Buffer.from(wrapped).includes(Buffer.from(secret)), false);
    const plain = await other.unwrap(keys.current.fingerprint, context, wrapped);
    assert.deepEqual(plain, secret);
    plain?.fill(0);
    assert.deepEqual(await other.unwrap(keys.current.fingerprint, context, wrapped), secret);
    assert.notDeepEqual(await keys.wrap(context, secret), wrapped);
  });

  check('empty and large secrets, empty and large contexts', async (around) => {
    const keys = await around.open();
    for (const [contextBytes, secretBytes] of [
      [0, 1],
      [10_000, 1_500],
      [1, 4_096],
    ] as const) {
      const long = new Uint8Array(contextBytes).fill(7);
      const wrapped = await keys.wrap(long, new Uint8Array(secretBytes).fill(9));
      const plain = await keys.unwrap(keys.current.fingerprint, long, wrapped);
      assert.deepEqual(plain, new Uint8Array(secretBytes).fill(9));
    }
    await assert.rejects(keys.wrap(context, new Uint8Array(4_097)), failsWith('PLAINTEXT_TOO_LARGE'));
  });

  check('another context, changed, cut and lengthened bytes unwrap to null', async (around) => {
    const keys = await around.open();
    const { fingerprint } = keys.current;
    const wrapped = await keys.wrap(context, secret);
    assert.equal(await keys.unwrap(fingerprint, bytes('a Context'), wrapped), null);
    assert.equal(await keys.unwrap(fingerprint, new Uint8Array(0), wrapped), null);
    for (const at of [wrapped.length - 1, wrapped.length - 20, wrapped.length >> 1]) {
      const changed = wrapped.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(await keys.unwrap(fingerprint, context, changed), null, `byte ${at}`);
    }
    for (const length of [0, 1, 24, wrapped.length - 1]) {
      assert.equal(
        await keys.unwrap(fingerprint, context, wrapped.slice(0, length)),
        null,
        `${length} bytes`,
      );
    }
    assert.equal(await keys.unwrap(fingerprint, context, new Uint8Array([...wrapped, 0])), null);
  });

  check("another deployment's key is a mismatch", async (around) => {
    const keys = await around.open();
    const foreign = await around.openForeign();
    assert.notEqual(foreign.current.fingerprint, keys.current.fingerprint);
    const wrapped = await foreign.wrap(context, secret);
    await assert.rejects(
      keys.unwrap(foreign.current.fingerprint, context, wrapped),
      failsWith('MASTER_KEY_MISMATCH'),
    );
  });

  check('advancing makes a later key current and keeps the older; again it does nothing', async (around) => {
    const keys = await around.open();
    const first = keys.current;
    const wrapped = await keys.wrap(context, secret);
    const second = await around.advance(keys, first.epoch);
    const now = around.replaced(keys) ?? keys;
    assert.ok(second.epoch > first.epoch);
    assert.notEqual(second.fingerprint, first.fingerprint);
    assert.deepEqual(now.current, second);
    assert.deepEqual(await now.keys(), [first, second]);
    assert.deepEqual(await now.unwrap(first.fingerprint, context, wrapped), secret);
    assert.deepEqual(await now.advance(first.epoch), second);
    assert.deepEqual(await (await around.open()).advance(first.epoch), second, 'after a crash');
    const later = await now.wrap(context, secret);
    assert.deepEqual(await now.unwrap(second.fingerprint, context, later), secret);
    const crossed = now.unwrap(first.fingerprint, context, later);
    if (around.harness.refusesOtherKeys) await assert.rejects(crossed, failsWith('MASTER_KEY_REFUSED'));
    else assert.equal(await crossed, null);
  });

  check('destroying takes a key and all before it, for good, and never the current one', async (around) => {
    let keys = await around.open();
    const first = keys.current;
    const wrapped = await keys.wrap(context, secret);
    await assert.rejects(keys.destroy(first.epoch), failsWith('MASTER_KEY_IN_USE'));
    const second = await around.advance(keys, first.epoch);
    keys = around.replaced(keys) ?? keys;
    await assert.rejects(keys.destroy(second.epoch), failsWith('MASTER_KEY_IN_USE'));
    await assert.rejects(keys.destroy(second.epoch + 1), failsWith('MASTER_KEY_IN_USE'));
    const third = await around.advance(keys, second.epoch);
    keys = around.replaced(keys) ?? keys;
    const wrappedNow = await keys.wrap(context, secret);
    const destruction = await around.destroy(keys, second.epoch);
    keys = around.replaced(keys) ?? keys;
    assert.deepEqual(await keys.destroy(second.epoch), destruction, 'again');
    for (const reader of [keys, await around.open()]) {
      assert.deepEqual(await reader.keys(), [third]);
      await assert.rejects(
        reader.unwrap(first.fingerprint, context, wrapped),
        failsWith('MASTER_KEY_MISMATCH'),
      );
      assert.deepEqual(await reader.unwrap(third.fingerprint, context, wrappedNow), secret);
    }
  });

  check('closed keys do nothing, and show nothing when inspected', async (around) => {
    const keys = await around.open();
    const wrapped = await keys.wrap(context, secret);
    const { epoch, fingerprint } = keys.current;
    const shown = inspect(keys, { depth: 9, showHidden: true, maxArrayLength: null });
    for (const hidden of around.harness.secrets()) assert.equal(shown.includes(hidden), false);
    keys.close();
    keys.close();
    for (const call of [
      () => keys.wrap(context, secret),
      () => keys.unwrap(fingerprint, context, wrapped),
      () => keys.keys(),
      () => keys.advance(epoch),
      () => keys.destroy(epoch),
    ]) {
      await assert.rejects(call(), failsWith('KEYRING_CLOSED'));
    }
  });

  sharedKeysContract(check);
}

/** What needs a place that processes share and change. */
function sharedKeysContract(check: (what: string, body: (around: Opened) => Promise<void>) => void): void {
  check('a process learns by itself that another one advanced', async (around) => {
    const [one, two] = [await around.open(), await around.open()];
    if (around.harness.deployment) return;
    const first = two.current;
    const second = await one.advance(first.epoch);
    const wrapped = await one.wrap(context, secret);
    assert.deepEqual(two.current, first);
    assert.deepEqual(await two.unwrap(second.fingerprint, context, wrapped), secret);
    assert.deepEqual(two.current, second);
  });

  check('two that advance at once can read each other', async (around) => {
    const [one, two] = [await around.open(), await around.open()];
    if (around.harness.deployment) return;
    const from = one.current.epoch;
    const advanced = await Promise.all([one, two].map((keys) => advanceInTheEnd(keys, from)));
    for (const [index, keys] of [one, two].entries()) {
      const other = index === 0 ? two : one;
      const { epoch, fingerprint } = keys.current;
      assert.ok(epoch > from && (advanced[index]?.epoch ?? 0) > from);
      const wrapped = await keys.wrap(context, secret);
      assert.deepEqual(await other.unwrap(fingerprint, context, wrapped), secret);
    }
  });
}

/** One of two may find the place taken: that is retriable. */
async function advanceInTheEnd(keys: MasterKeys, from: number): Promise<{ epoch: number }> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await keys.advance(from);
    } catch (error) {
      if (!(error instanceof KeyringError) || !error.retriable) throw error;
    }
  }
  throw new Error('advance was refused twenty times');
}

/** Everything that a check opened, and its turns, by call or by deployment. */
class Opened {
  readonly #opened: MasterKeys[] = [];
  readonly #replaced = new Map<MasterKeys, MasterKeys>();

  constructor(readonly harness: MasterKeysHarness) {}

  async open(): Promise<MasterKeys> {
    const keys = await this.harness.open();
    this.#opened.push(keys);
    return keys;
  }

  async openForeign(): Promise<MasterKeys> {
    const keys = await this.harness.openForeign();
    this.#opened.push(keys);
    return keys;
  }

  /** What stands for these keys after a deployment; undefined where there was none. */
  replaced(keys: MasterKeys): MasterKeys | undefined {
    return this.#replaced.get(keys);
  }

  async advance(keys: MasterKeys, from: number): ReturnType<MasterKeys['advance']> {
    const { deployment } = this.harness;
    if (!deployment) return keys.advance(from);
    await assert.rejects(keys.advance(from), failsWith('MASTER_KEY_FIXED'));
    deployment.addEpoch();
    return (await this.#redeploy(keys)).advance(from);
  }

  async destroy(keys: MasterKeys, epoch: number): ReturnType<MasterKeys['destroy']> {
    const { deployment } = this.harness;
    if (!deployment) return keys.destroy(epoch);
    await assert.rejects(keys.destroy(epoch), failsWith('MASTER_KEY_FIXED'));
    deployment.removeEpoch(epoch);
    return (await this.#redeploy(keys)).destroy(epoch);
  }

  close(): void {
    for (const keys of this.#opened) keys.close();
  }

  async #redeploy(keys: MasterKeys): Promise<MasterKeys> {
    keys.close();
    const next = await this.open();
    this.#replaced.set(keys, next);
    return next;
  }
}
