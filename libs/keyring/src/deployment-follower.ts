import type { Clock, Timer } from '@oubliette/runtime';
import type { Alarms } from './alarms.js';
import { equalBytes } from './crypto/sodium.js';
import { deploymentPartition, mayFollow, unlockDeployment, type StandingDeployment } from './deployment.js';
import { KeyringError } from './errors.js';
import { MAX_READ_OFFSETS, type KeyLog } from './key-log.js';
import type { KeyOpener } from './key-opener.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import type { Revision } from './deployment-watch.js';
import type { UserTable } from './user-table.js';

export interface DeploymentFollowerParts {
  readonly log: KeyLog;
  readonly masterKeys: MasterKeys;
  readonly opener: KeyOpener;
  readonly table: UserTable;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/** A turn makes three revisions; more than this at once are not of this deployment. */
const mostHeard = 64;
/** A revision that the master keys did not open is tried again after so long, ms. */
const retryMs = 30_000;

/** Takes the wrapping keys of each later revision of the deployment, and reads again what could not be read without them. */
export class DeploymentFollower {
  readonly #parts: DeploymentFollowerParts;
  /** In the log's order, not taken yet. */
  readonly #heard: Revision[] = [];
  /** The last one that could not be opened, and may be later than what stands. */
  #refused: Revision | null = null;
  /** What stands is to be opened once more. */
  #isAgain = false;
  #working: Promise<void> | null = null;
  #retry: Timer | null = null;
  #isClosed = false;

  constructor(parts: DeploymentFollowerParts) {
    this.#parts = parts;
    parts.table.deployment.revised.subscribe((revision) => {
      if (this.#heard.length >= mostHeard) {
        const before = this.#refused;
        this.#refuse(null, revision);
        return this.#tellRefused(before);
      }
      this.#heard.push(revision);
      this.#start();
    });
  }

  /** True when nothing was heard of that is later than this record. */
  isLast({ value }: StandingDeployment): boolean {
    const isIdle = this.#working === null && this.#refused === null;
    return isIdle && equalBytes(value, this.#parts.table.deployment.standing.value);
  }

  /** Resolves when what was heard of so far was worked off, and what could not be opened before was tried once more. */
  async ready(): Promise<void> {
    this.#tryRefused();
    await this.settled();
  }

  /** The wrapping keys are at hand again: what was read meanwhile is read once more. */
  readAgain(): void {
    this.#isAgain = true;
    this.#start();
  }

  /** Tries nothing again; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await this.settled();
  }

  /** Resolves when what was heard of so far was worked off. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  #start(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
      // Heard while the last one was told of.
      if (this.#heard.length > 0) this.#start();
    });
  }

  #tryRefused(): void {
    const refused = this.#refused;
    if (refused === null) return;
    if (this.#isStanding(refused)) this.#isAgain = true;
    else if (!this.#heard.includes(refused)) this.#heard.unshift(refused);
    this.#start();
  }

  /**
   * Never rejects: what fails is an alarm, and is tried again. Of several heard at once the last counts: the master key that those before
   * it carry may have been destroyed since.
   */
  async #work(): Promise<void> {
    const before = this.#refused;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      try {
        await this.#take(next);
        this.#refused = null;
      } catch (error) {
        this.#refuse(error, next);
      }
    }
    this.#tellRefused(before);
  }

  /** Each in the log's order: two may come while the first is opened, and the last may be forged, or have landed too late. */
  #next(): Revision | null {
    const { table, alarms } = this.#parts;
    for (let next = this.#heard.shift(); next !== undefined; next = this.#heard.shift()) {
      if (equalBytes(next.deployment.value, table.deployment.standing.value)) continue;
      if (mayFollow(table.deployment.standing, next.deployment.value)) return next;
      alarms.raise('DEPLOYMENT_CHANGED', deploymentPartition, next.offset);
    }
    if (!this.#isAgain) return null;
    this.#isAgain = false;
    return { deployment: table.deployment.standing, offset: -1n };
  }

  /** A record that nobody of this deployment made is no revision; one that is not to be opened here may be. */
  #refuse(error: unknown, revision: Revision): void {
    const { alarms, opener, clock } = this.#parts;
    if (error instanceof KeyringError && error.code === 'DEPLOYMENT_RECORD_INVALID') {
      return alarms.raise('DEPLOYMENT_CHANGED', deploymentPartition, revision.offset);
    }
    // What stands was opened: only what it opens could not all be read.
    if (!this.#isStanding(revision)) opener.fallBehind();
    this.#refused = revision;
    this.#retry?.cancel();
    if (!this.#isClosed) this.#retry = clock.schedule(retryMs, () => this.#tryRefused());
  }

  /** What is tried again was told of the first time. */
  #tellRefused(before: Revision | null): void {
    const refused = this.#refused;
    if (refused === null || this.#isStanding(refused)) return;
    if (before !== null && equalBytes(before.deployment.value, refused.deployment.value)) return;
    this.#parts.alarms.raise('DEPLOYMENT_LOCKED', deploymentPartition, refused.offset);
  }

  #isStanding({ deployment }: Revision): boolean {
    return equalBytes(deployment.value, this.#parts.table.deployment.standing.value);
  }

  async #take({ deployment }: Revision): Promise<void> {
    const { masterKeys, opener, table, log } = this.#parts;
    const { root, wrappingKeys } = await unlockDeployment(masterKeys, log.partitionCount, deployment);
    root.fill(0);
    table.deployment.revise(deployment);
    opener.use(wrappingKeys);
    table.wrappingKeysChanged();
    for (const [partition, all] of table.unreadable()) {
      for (let from = 0; from < all.length; from += MAX_READ_OFFSETS) {
        const records = await log.read(partition, all.slice(from, from + MAX_READ_OFFSETS).map(BigInt));
        for (const record of records) if (record !== null) table.applyAgain(record);
      }
    }
  }
}
