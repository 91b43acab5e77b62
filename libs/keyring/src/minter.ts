import type { EntropyPool } from './crypto/entropy-pool.js';
import { KEY_BYTES, NONCE_BYTES, type Sodium } from './crypto/sodium.js';
import { toHex } from './hex.js';
import type { KeyLogRecord } from './key-log.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import type { KeyOpener } from './key-opener.js';
import { encodeKeyRecord } from './key-record.js';
import type { KeyScope } from './key-scope.js';
import type { UserRef } from './keyring.js';
import { userKeyName } from './record-keys.js';
import { partitionOfUser } from './user-ref.js';

const KID_BYTES = 8;

/** A key to be made. */
export interface Mint extends KeyScope {
  readonly userRef: UserRef;
  readonly rotation: number;
  readonly lifetimeSeconds: number;
}

export interface MinterParts {
  readonly sodium: Sodium;
  readonly writer: KeyLogWriter;
  readonly opener: KeyOpener;
  readonly entropy: EntropyPool;
}

/** Writes new user keys to the log. It does not keep them: they come into use when the replay reads them back. */
export class Minter {
  readonly #parts: MinterParts;
  /** Mints under way by user, scope and rotation, so that calls at the same time share one. */
  readonly #underway = new Map<string, Promise<void>>();

  constructor(parts: MinterParts) {
    this.#parts = parts;
  }

  /** One batch a partition (at most 1000 keys each); resolves when all were written and read back. */
  async mint(mints: readonly Mint[]): Promise<void> {
    const batches = new Map<number, Mint[][]>();
    const outcomes = new Set<Promise<void>>();
    for (const mint of mints) {
      const underway = this.#underway.get(nameOf(mint));
      if (underway) outcomes.add(underway);
      else addToBatch(batches, partitionOfUser(mint.userRef, this.#parts.writer.partitionCount), mint);
    }
    for (const [partition, chunks] of batches) {
      for (const chunk of chunks) outcomes.add(this.#start(partition, chunk));
    }
    await Promise.all(outcomes);
  }

  #start(partition: number, mints: readonly Mint[]): Promise<void> {
    const outcome = this.#parts.writer
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

  #record({ userRef, ...facts }: Mint): KeyLogRecord {
    const { sodium, entropy, opener } = this.#parts;
    const kid = toHex(entropy.take(KID_BYTES));
    const nonce = entropy.take(NONCE_BYTES);
    const key = entropy.take(KEY_BYTES);
    const value = encodeKeyRecord(
      sodium,
      opener.wrapping,
      { userRef, kid },
      { ...facts, madeAt: 0 },
      nonce,
      key,
    );
    key.fill(0);
    return { key: userKeyName(userRef, kid), value };
  }
}

function nameOf({ userRef, lifecycle, purpose, generation, rotation }: Mint): string {
  return `${userRef}/${lifecycle}:${purpose}.${generation}.${rotation}`;
}

function addToBatch(batches: Map<number, Mint[][]>, partition: number, mint: Mint): void {
  const chunks = batches.get(partition) ?? [];
  batches.set(partition, chunks);
  const last = chunks.at(-1);
  if (last && last.length < MAX_BATCH_RECORDS) last.push(mint);
  else chunks.push([mint]);
}
