import type { EntropyPool } from '../crypto/entropy-pool.js';
import { KEY_BYTES, NONCE_BYTES, type Sodium } from '../crypto/sodium.js';
import { KeyringError } from '../errors.js';
import { toHex } from '../hex.js';
import type { KeyLogRecord } from '../key-log.js';
import type { KeyLogWriter } from '../key-log-writer.js';
import type { KeyOpener } from '../key-opener.js';
import type { WrappingKey } from '../key-record.js';
import { pepperName } from '../record-keys.js';
import { lookupHash } from './lookup-hash.js';
import { encodePepperRecord } from './pepper-record.js';
import { pepperPartition, type PepperTable, type StandingPepper } from './pepper-table.js';
import type { Peppers } from './peppers.js';

const ID_BYTES = 8;

export interface LogPeppersParts {
  readonly sodium: Sodium;
  readonly writer: KeyLogWriter;
  readonly opener: KeyOpener;
  readonly entropy: EntropyPool;
  readonly peppers: PepperTable;
}

/** Peppers in the key log: written, read back, then used. */
export class LogPeppers implements Peppers {
  constructor(private readonly parts: LogPeppersParts) {}

  ids(): readonly string[] {
    this.parts.writer.assertOpen();
    return this.#idsWhere((pepper) => pepper.bytes !== null);
  }

  unreadable(): readonly string[] {
    this.parts.writer.assertOpen();
    return this.#idsWhere((pepper) => pepper.bytes === null);
  }

  async ensure(): Promise<string> {
    const [known] = this.ids();
    if (known !== undefined) return known;
    await this.catchUp();
    return this.ids()[0] ?? this.#make();
  }

  async rotate(): Promise<string> {
    await this.catchUp();
    return this.#make();
  }

  async end(ids: readonly string[]): Promise<void> {
    await this.catchUp();
    // Who is behind cannot tell which is the newest.
    this.parts.opener.assertCurrent();
    const [newest, ...older] = this.#idsWhere(() => true);
    if (newest !== undefined && ids.includes(newest)) {
      throw new KeyringError(
        'PEPPER_IN_USE',
        `The pepper ${newest} is the one in use: rotate first, and hash anew what was hashed with it.`,
      );
    }
    const ended = older.filter((id) => ids.includes(id));
    const records = ended.map((id) => ({ key: pepperName(id), value: null }));
    if (records.length > 0) await this.parts.writer.appendAndRead(pepperPartition, records);
  }

  async catchUp(): Promise<void> {
    await this.parts.writer.catchUp(pepperPartition);
  }

  hash(id: string, index: string, value: Uint8Array): string {
    this.parts.writer.assertOpen();
    const bytes = this.parts.peppers.get(id)?.bytes;
    if (bytes) return lookupHash(this.parts.sodium, bytes, index, value);
    throw new KeyringError(
      'PEPPER_MISSING',
      `The pepper ${id} does not stand in the key topic (any more), or its master key is not at hand.`,
    );
  }

  /** Part of turning the master-key epoch: every pepper of another epoch is wrapped anew, as the user keys are. */
  async rewrap(wrapping: WrappingKey): Promise<void> {
    await this.catchUp();
    const records: KeyLogRecord[] = [];
    for (const { id, number, epoch, bytes } of this.parts.peppers.standing()) {
      if (bytes && epoch < wrapping.epoch) records.push(this.#record(wrapping, id, number, bytes));
    }
    if (records.length > 0) await this.parts.writer.appendAndRead(pepperPartition, records);
  }

  /** Of two that make one at the same time, everybody takes the same. */
  async #make(): Promise<string> {
    const { entropy, opener, writer, peppers } = this.parts;
    const id = toHex(entropy.take(ID_BYTES));
    const pepper = entropy.take(KEY_BYTES);
    const [newest] = peppers.standing();
    const number = newest?.bytes ? newest.number + 1 : 1;
    const record = this.#record(opener.wrapping, id, number, pepper);
    pepper.fill(0);
    await writer.appendAndRead(pepperPartition, [record]);
    const [inUse] = this.ids();
    if (inUse !== undefined) return inUse;
    throw new KeyringError(
      'PEPPER_MISSING',
      'The pepper was written but did not come back from the key topic: check who else writes to it.',
    );
  }

  #idsWhere(isWanted: (pepper: StandingPepper) => boolean): string[] {
    return this.parts.peppers
      .standing()
      .filter(isWanted)
      .map(({ id }) => id);
  }

  #record(wrapping: WrappingKey, id: string, number: number, pepper: Uint8Array): KeyLogRecord {
    const { sodium, entropy } = this.parts;
    const nonce = entropy.take(NONCE_BYTES);
    return { key: pepperName(id), value: encodePepperRecord(sodium, wrapping, id, number, nonce, pepper) };
  }
}
