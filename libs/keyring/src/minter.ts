import type { EntropyPool } from './crypto/entropy-pool.js';
import { toHex } from './hex.js';
import type { KeyLogRecord } from './key-log.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import { encodeKeyRecord, type WrappingKey } from './key-record.js';
import type { UserRef } from './keyring.js';
import { userKeyName } from './record-keys.js';
import { KEY_BYTES, NONCE_BYTES, type Sodium } from './crypto/sodium.js';
import { partitionOfUser } from './user-ref.js';

const KID_BYTES = 8;

interface Mint {
  readonly userRef: UserRef;
  readonly lifecycle: number;
}

/** Writes new user keys to the log. It does not keep them: they come into use when the replay reads them back. */
export class Minter {
  readonly #sodium: Sodium;
  readonly #writer: KeyLogWriter;
  readonly #wrapping: WrappingKey;
  readonly #entropy: EntropyPool;
  /** Mints under way by user and lifecycle, so that calls at the same time share one. */
  readonly #underway = new Map<string, Promise<void>>();

  constructor(sodium: Sodium, writer: KeyLogWriter, wrapping: WrappingKey, entropy: EntropyPool) {
    this.#sodium = sodium;
    this.#writer = writer;
    this.#wrapping = wrapping;
    this.#entropy = entropy;
  }

  /** One batch a partition (at most 1000 keys each); resolves when all were written and read back. */
  async mint(mints: readonly Mint[]): Promise<void> {
    const batches = new Map<number, Mint[][]>();
    const outcomes = new Set<Promise<void>>();
    for (const mint of mints) {
      const underway = this.#underway.get(nameOf(mint));
      if (underway) outcomes.add(underway);
      else addToBatch(batches, partitionOfUser(mint.userRef, this.#writer.partitionCount), mint);
    }
    for (const [partition, chunks] of batches) {
      for (const chunk of chunks) outcomes.add(this.#start(partition, chunk));
    }
    await Promise.all(outcomes);
  }

  #start(partition: number, mints: readonly Mint[]): Promise<void> {
    const outcome = this.#writer
      .appendAndRead(
        partition,
        mints.map((mint) => this.#record(mint)),
      )
      .finally(() => {
        for (const mint of mints) this.#underway.delete(nameOf(mint));
      });
    for (const mint of mints) this.#underway.set(nameOf(mint), outcome);
    return outcome;
  }

  #record({ userRef, lifecycle }: Mint): KeyLogRecord {
    const kid = toHex(this.#entropy.take(KID_BYTES));
    const nonce = this.#entropy.take(NONCE_BYTES);
    const key = this.#entropy.take(KEY_BYTES);
    const value = encodeKeyRecord(this.#sodium, this.#wrapping, { userRef, kid, lifecycle }, nonce, key);
    key.fill(0);
    return { key: userKeyName(userRef, kid), value };
  }
}

function nameOf({ userRef, lifecycle }: Mint): string {
  return `${userRef}/${lifecycle}`;
}

function addToBatch(batches: Map<number, Mint[][]>, partition: number, mint: Mint): void {
  const chunks = batches.get(partition) ?? [];
  batches.set(partition, chunks);
  const last = chunks.at(-1);
  if (last && last.length < MAX_BATCH_RECORDS) last.push(mint);
  else chunks.push([mint]);
}
