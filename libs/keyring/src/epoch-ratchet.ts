import { sleep, type Clock } from '@oubliette/runtime';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { equalBytes, KEY_BYTES, NONCE_BYTES, type Sodium } from './crypto/sodium.js';
import {
  decodeDeploymentRecord,
  wipeSecrets,
  type DeploymentSecrets,
  type DeploymentTurn,
} from './deployment-record.js';
import type { DeploymentFollower } from './deployment-follower.js';
import {
  deploymentPartition,
  reviseDeployment,
  standingDeployment,
  unlockDeployment,
  type StandingDeployment,
} from './deployment.js';
import type { KeyLog, KeyLogRecord } from './key-log.js';
import { MAX_BATCH_RECORDS, type KeyLogWriter } from './key-log-writer.js';
import { encodeKeyRecord, type WrappingKey } from './key-record.js';
import { KeyringError } from './errors.js';
import { wrappingLeaseMs, type KeyLease } from './key-lease.js';
import type { KeyOpener } from './key-opener.js';
import type { KeyLoader } from './key-loader.js';
import type { UserRef } from './keyring.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import type { EpochOptions, EpochProgress, EpochTurn } from './epoch-options.js';
import type { LogPeppers } from './peppers/log-peppers.js';
import { userKeyName } from './record-keys.js';
import type { Undertaker } from './undertaker.js';
import { isAtHand, type KeyProfile, type UserKey } from './user-key.js';
import type { UserTable } from './user-table.js';

export interface EpochRatchetParts {
  readonly sodium: Sodium;
  readonly log: KeyLog;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  readonly masterKeys: MasterKeys;
  readonly entropy: EntropyPool;
  readonly undertaker: Undertaker;
  readonly opener: KeyOpener;
  readonly deployment: DeploymentFollower;
  readonly lease: KeyLease;
  readonly loader: KeyLoader;
  readonly peppers: LogPeppers;
  readonly clock: Clock;
}

/** Two that announce at once see each other's word within this time, ms; nobody uses an announced key before it is over. */
const settleMs = 5_000;
/** An append that was sent may still land so long after the right to wrap has ended, ms. */
const inFlightMs = 30_000;
const defaultRecordsPerSecond = 5_000;
/** Small enough to be stopped within a moment at the slowest rates. */
const batchRecords = 500;
/** A turn takes four steps; each may be begun anew when another process was first. */
const mostSteps = 64;

/**
 * Turns the master-key epoch (SPEC.md, section 10): announces a new wrapping key, puts it in force, wraps every living user's key under
 * it, drops the old one, and destroys the old master key. What is to be done next stands in the deployment record alone, so that whoever
 * calls it again after a crash goes on. A forgetting that comes in between wins: what was re-wrapped after the fence is dead.
 * Two turns at once do the same; who was held up while another one went on writes nothing any more, and begins with what stands.
 */
export class EpochRatchet {
  readonly #parts: EpochRatchetParts;
  readonly #options: EpochOptions;
  #done = 0;
  #left = 0;

  constructor(parts: EpochRatchetParts, options: EpochOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Rejects with `KEYRING_UNAVAILABLE` (retriable), or what the master keys reject with. */
  async turn(): Promise<EpochTurn> {
    const { masterKeys } = this.#parts;
    let standing = await this.#standing();
    if (this.#isOver(standing)) {
      const isDestroyed = (await masterKeys.keys()).every(({ epoch }) => epoch >= masterKeys.current.epoch);
      // Else only the last step of an earlier turn is left to be done.
      if (isDestroyed) await masterKeys.advance(masterKeys.current.epoch);
    }
    for (let steps = 0; !this.#isOver(standing); standing = await this.#standing()) {
      this.#options.signal?.throwIfAborted();
      if (++steps > mostSteps) throw overtaken();
      try {
        await this.#step(standing);
      } finally {
        wipeSecrets(standing.secrets);
      }
    }
    wipeSecrets(standing.secrets);
    this.#options.signal?.throwIfAborted();
    this.#tell('destroying the old');
    const { epoch } = masterKeys.current;
    const { recoverableUntil } = await masterKeys.destroy(epoch - 1);
    return { epoch, recoverableUntil };
  }

  async #step({ deployment, secrets }: Standing): Promise<void> {
    const [first, second] = secrets.wrappingKeys;
    const { epoch } = this.#parts.masterKeys.current;
    if (!first) throw new RangeError('a deployment without a wrapping key');
    if (secrets.wrappingKeys.every((key) => key.epoch < epoch)) {
      this.#tell('announcing');
      const key = this.#parts.entropy.take(KEY_BYTES);
      try {
        const turn = { isInForce: false, before: deployment.value };
        await this.#revise(deployment, { ...secrets, wrappingKeys: [{ epoch, key }] }, turn);
      } finally {
        key.fill(0);
      }
      return;
    }
    const announced = decodeDeploymentRecord(deployment.value)?.turn;
    if (announced && first.epoch < epoch) {
      await this.#pause(settleMs);
      if (!equalBytes((await standingDeployment(this.#parts.log)).value, deployment.value)) return;
      this.#tell('putting in force');
      const wrappingKeys = secrets.wrappingKeys.filter((key) => key.epoch === epoch);
      return this.#revise(deployment, { ...secrets, wrappingKeys }, { ...announced, isInForce: true });
    }
    const alone = { ...secrets, wrappingKeys: [first] };
    if (!second) return this.#revise(deployment, alone, null);
    if (!(await this.#rewrapAll(first))) return;
    this.#tell('waiting');
    // Who has not heard of the new key may not wrap any more by then, and what it sent has landed or never will.
    await this.#pause(wrappingLeaseMs + inFlightMs);
    if (!(await this.#rewrapAll(first))) return;
    this.#tell('dropping the old');
    await this.#revise(deployment, alone, null);
  }

  /** False when another process turned the epoch further meanwhile. */
  async #rewrapAll(wrapping: WrappingKey): Promise<boolean> {
    const { table, writer } = this.#parts;
    for (let partition = 0; partition < writer.partitionCount; partition++) await writer.catchUp(partition);
    if (!(await this.#isInForce(wrapping))) return false;
    await this.#parts.peppers.rewrap(wrapping);
    const isOld = isBefore(wrapping);
    this.#left = table.countKeys(isOld);
    const batches = new Map<number, UserRef[]>();
    for (const { userRef, partition } of table.entriesWith(isOld)) {
      const batch = batches.get(partition) ?? [];
      batches.set(partition, batch);
      batch.push(userRef);
      if (batch.length < batchRecords) continue;
      batches.delete(partition);
      if (!(await this.#rewrap(partition, wrapping, batch))) return false;
    }
    for (const [partition, batch] of batches) {
      if (!(await this.#rewrap(partition, wrapping, batch))) return false;
    }
    return true;
  }

  async #rewrap(partition: number, wrapping: WrappingKey, userRefs: readonly UserRef[]): Promise<boolean> {
    const { writer, clock, undertaker, table, loader, lease } = this.#parts;
    const perSecond = this.#options.recordsPerSecond ?? defaultRecordsPerSecond;
    this.#options.signal?.throwIfAborted();
    const began = clock.monotonic();
    let written = 0;
    for await (const users of loader.inParts(userRefs, batchRecords, isBefore(wrapping))) {
      if (!(await this.#isInForce(wrapping))) return false;
      const records = users.flatMap((userRef) => this.#records(wrapping, userRef));
      for (let from = 0; from < records.length; from += MAX_BATCH_RECORDS) {
        lease.assertHeld(partition);
        await writer.appendAndRead(partition, records.slice(from, from + MAX_BATCH_RECORDS));
      }
      await undertaker.bury(new Set(users.flatMap((userRef) => table.get(userRef) ?? [])));
      written += records.length;
    }
    this.#done += written;
    this.#left = Math.max(0, this.#left - written);
    this.#tell('re-wrapping');
    const wanted = (written / perSecond) * 1000 - (clock.monotonic() - began);
    if (wanted > 0) await this.#pause(Math.ceil(wanted));
    return true;
  }

  /** Rejects with `KEYRING_UNAVAILABLE` when the deployment was not heard of lately: this process may have slept for a day. */
  async #isInForce({ epoch }: WrappingKey): Promise<boolean> {
    const { deployment, opener, lease } = this.#parts;
    await deployment.ready();
    lease.assertMayWrap();
    return opener.wrapping.epoch === epoch;
  }

  /** None for a user that was forgotten since. Throws `KEYRING_UNAVAILABLE` where a key cannot be read. */
  #records(wrapping: WrappingKey, userRef: UserRef): KeyLogRecord[] {
    const keys = this.#parts.table.get(userRef)?.keys ?? [];
    return keys.filter(isBefore(wrapping)).map((key) => this.#record(wrapping, userRef, key));
  }

  #record(wrapping: WrappingKey, userRef: UserRef, key: UserKey): KeyLogRecord {
    const { sodium, entropy } = this.#parts;
    if (!isAtHand(key)) {
      throw new KeyringError(
        'KEYRING_UNAVAILABLE',
        'A living user key could not be read again to be wrapped anew: the alarms say why. The old epoch stays until it can.',
      );
    }
    const nonce = entropy.take(NONCE_BYTES);
    return {
      key: userKeyName(userRef, key.kid),
      value: encodeKeyRecord(sodium, wrapping, { userRef, kid: key.kid }, key, nonce, key.key),
    };
  }

  async #standing(): Promise<Standing> {
    const { log, masterKeys } = this.#parts;
    const deployment = await standingDeployment(log);
    return { deployment, secrets: await unlockDeployment(masterKeys, log.partitionCount, deployment) };
  }

  async #revise(
    deployment: StandingDeployment,
    secrets: DeploymentSecrets,
    turn: DeploymentTurn | null,
  ): Promise<void> {
    const { log, masterKeys, writer, lease, deployment: follower } = this.#parts;
    await writer.catchUp(deploymentPartition);
    await follower.ready();
    const isWanted = (): boolean => {
      lease.assertMayWrap();
      return follower.isLast(deployment);
    };
    await reviseDeployment(log, masterKeys, deployment, secrets, turn, isWanted);
  }

  /** The record is wrapped by the master key of today. */
  #isCurrent({ deployment, secrets }: Standing): boolean {
    const { fingerprint, epoch } = this.#parts.masterKeys.current;
    return (
      decodeDeploymentRecord(deployment.value)?.masterKey === fingerprint &&
      secrets.wrappingKeys[0]?.epoch === epoch
    );
  }

  #isOver(standing: Standing): boolean {
    return standing.secrets.wrappingKeys.length === 1 && this.#isCurrent(standing);
  }

  #tell(step: EpochProgress['step']): void {
    this.#options.onProgress?.({ step, done: this.#done, total: this.#done + this.#left });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(this.#parts.clock, ms, this.#options.signal);
  }
}

function overtaken(): KeyringError {
  return new KeyringError(
    'KEYRING_UNAVAILABLE',
    'Other processes turned the master-key epoch at the same time, again and again: see to it that one does, and try again.',
  );
}

/** Tells the keys that are wrapped under an older epoch. A newer one is another turn's. */
function isBefore({ epoch }: WrappingKey): (key: KeyProfile) => boolean {
  return (key) => key.epoch < epoch;
}

interface Standing {
  readonly deployment: StandingDeployment;
  readonly secrets: DeploymentSecrets;
}
