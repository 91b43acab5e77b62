// A keyring that encrypts nothing: what the import costs without keys, MACs and ciphers. It belongs to the benchmark only.

const REF_BYTES = 16;
const nothing = () => undefined;

/** Seals by putting the pseudonym, which is the user id itself in hex, before the plaintext. Ids of at most 16 bytes. */
export class PlainKeyring {
  #active = new Set();

  userRef(userId) {
    // The text that ties the database to its key topic is longer than any id.
    const bytes = Buffer.from(userId).subarray(0, REF_BYTES);
    return bytes.toString('hex').padStart(2 * REF_BYTES, '0');
  }

  partitionOf() {
    return 0;
  }

  state(userRef) {
    return this.#active.has(userRef) ? 'active' : 'unknown';
  }

  fence() {
    return null;
  }

  async ensureKeys(userRefs) {
    for (const userRef of userRefs) this.#active.add(userRef);
  }

  hasKey(userRef) {
    return this.#active.has(userRef);
  }

  seal(userRef, _binding, plaintext) {
    const envelope = Buffer.allocUnsafe(REF_BYTES + plaintext.length);
    envelope.write(userRef, 'hex');
    envelope.set(plaintext, REF_BYTES);
    return envelope;
  }

  open(_binding, envelope) {
    return { outcome: 'value', value: envelope.subarray(REF_BYTES) };
  }

  userRefOf(envelope) {
    return Buffer.from(envelope.buffer, envelope.byteOffset, REF_BYTES).toString('hex');
  }

  async catchUp() {}

  async forget() {
    throw new Error('The plain keyring forgets nobody.');
  }

  async beginLifecycle() {
    throw new Error('The plain keyring forgets nobody.');
  }

  deadRecords() {
    return [];
  }

  async buryDead() {
    return 0;
  }

  size() {
    return { users: this.#active.size, keys: 0, forgotten: 0 };
  }

  *list() {}

  onForgotten() {
    return nothing;
  }

  onAlarm() {
    return nothing;
  }

  async close() {}
}
