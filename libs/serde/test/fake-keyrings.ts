import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { Binding, Fence, Keyring, Outcome, UserRef } from '@oubliette/keyring';
import type { ContractKeyrings } from '../src/testing/index.js';

const IV = Buffer.alloc(12);

/** A stand-in with the keyring's promises and none of its security: deterministic keys, one lifecycle. */
class FakeKeyring {
  readonly keys = new Set<UserRef>();
  constructor(
    private readonly log: { keys: Set<UserRef>; fences: Map<UserRef, Fence> },
    private readonly seesAll: () => boolean,
  ) {}

  userRef(userId: string): UserRef {
    if (userId === '') throw Object.assign(new Error('empty'), { code: 'USER_ID_INVALID' });
    return createHash('md5').update(userId).digest('hex') as UserRef;
  }
  ensureKeys(users: Iterable<UserRef>): Promise<void> {
    for (const user of users) {
      if (this.log.fences.has(user)) return Promise.reject(forgotten());
      this.log.keys.add(user);
      this.keys.add(user);
    }
    return Promise.resolve();
  }
  seal(user: UserRef, binding: Binding, plaintext: Uint8Array): Uint8Array {
    if (this.log.fences.has(user)) throw forgotten();
    if (!this.keys.has(user)) throw Object.assign(new Error('missing'), { code: 'KEY_MISSING' });
    const cipher = createCipheriv('aes-128-gcm', Buffer.from(user, 'hex'), nonce(binding, plaintext));
    cipher.setAAD(Buffer.from(JSON.stringify(binding)));
    const iv = nonce(binding, plaintext);
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const header = Buffer.concat([Buffer.from(user, 'hex'), iv]);
    return Buffer.concat([header, mac(header), cipher.getAuthTag(), sealed]);
  }
  open(binding: Binding, envelope: Uint8Array, options: { caughtUp?: boolean } = {}): Outcome<Uint8Array> {
    const user = this.userRefOf(envelope);
    if (user === null) return { outcome: 'invalid', reason: 'header-mac' };
    const fence = this.log.fences.get(user);
    if (fence !== undefined) return { outcome: 'erased', lifecycle: 1, erasedAt: fence.erasedAt };
    if (this.seesAll() && this.log.keys.has(user)) this.keys.add(user);
    if (!this.keys.has(user)) {
      return options.caughtUp
        ? { outcome: 'invalid', reason: 'key-unknown' }
        : { outcome: 'unavailable', reason: 'key-not-seen' };
    }
    try {
      const decipher = createDecipheriv('aes-128-gcm', envelope.subarray(0, 16), envelope.subarray(16, 28));
      decipher.setAAD(Buffer.from(JSON.stringify(binding)));
      decipher.setAuthTag(envelope.subarray(36, 52));
      const value = Buffer.concat([decipher.update(envelope.subarray(52)), decipher.final()]);
      return { outcome: 'value', value };
    } catch {
      return { outcome: 'invalid', reason: 'ciphertext' };
    }
  }
  userRefOf(envelope: Uint8Array): UserRef | null {
    if (envelope.length < 52 || !mac(envelope.subarray(0, 28)).equals(envelope.subarray(28, 36))) return null;
    return Buffer.from(envelope.subarray(0, 16)).toString('hex') as UserRef;
  }
  catchUp(): Promise<void> {
    return Promise.resolve();
  }
  forget(userRef: UserRef): Promise<Fence> {
    const fence = { userRef, lifecycle: 1, erasedAt: 1_700_000_000_000, fingerprints: [] };
    this.log.fences.set(userRef, fence);
    return Promise.resolve(fence);
  }
}

export function openFakeKeyrings(): Promise<ContractKeyrings> {
  const log = { keys: new Set<UserRef>(), fences: new Map<UserRef, Fence>() };
  let delayed = false;
  const open = () => new FakeKeyring(log, () => !delayed) as unknown as Keyring;
  return Promise.resolve({
    writer: open(),
    reader: open(),
    setDelayed: (value) => {
      delayed = value;
    },
    close: () => Promise.resolve(),
  });
}

function nonce(binding: Binding, plaintext: Uint8Array): Buffer {
  return createHash('md5').update(JSON.stringify(binding)).update(plaintext).digest().subarray(0, IV.length);
}
function mac(header: Uint8Array): Buffer {
  return createHash('md5').update('mac').update(header).digest().subarray(0, 8);
}
function forgotten(): Error {
  return Object.assign(new Error('forgotten'), { code: 'USER_FORGOTTEN' });
}
