import type { Clock, Timer } from '@oubliette/runtime';
import type { Alarms } from './alarms.js';
import { deploymentPartition, unlockDeployment } from './deployment.js';
import { KeyringError } from './errors.js';
import { MAX_READ_OFFSETS, type KeyLog } from './key-log.js';
import type { KeyOpener } from './key-opener.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import type { Revision, UserTable } from './user-table.js';

export interface DeploymentFollowerParts {
  readonly log: KeyLog;
  readonly masterKeys: MasterKeys;
  readonly opener: KeyOpener;
  readonly table: UserTable;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/** A revision that the master keys did not open is tried again after so long, ms. */
const retryMs = 30_000;

/** Takes the wrapping keys of each later revision of the deployment, and reads again what could not be read without them. */
export class DeploymentFollower {
  readonly #parts: DeploymentFollowerParts;
  #latest: Revision | null = null;
  #working: Promise<void> | null = null;
  #retry: Timer | null = null;
  #isClosed = false;

  constructor(parts: DeploymentFollowerParts) {
    this.#parts = parts;
    parts.table.revised.subscribe((revision) => {
      this.#latest = revision;
      this.#start();
    });
  }

  /** The wrapping keys are at hand again: what was read meanwhile is read once more. */
  readAgain(): void {
    if (this.#latest === null) this.#latest = { deployment: this.#parts.table.deployment, offset: -1n };
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
    this.#working ??= this.#work().finally(() => (this.#working = null));
  }

  /** Never rejects: what fails is an alarm, and is tried again. */
  async #work(): Promise<void> {
    for (let next = this.#latest; next !== null; next = this.#latest) {
      this.#latest = null;
      try {
        await this.#take(next);
      } catch (error) {
        this.#refuse(error, next);
      }
    }
  }

  /** A record that nobody of this deployment made is no revision; one that is not to be opened here may be. */
  #refuse(error: unknown, revision: Revision): void {
    const isForged = error instanceof KeyringError && error.code === 'DEPLOYMENT_RECORD_INVALID';
    if (!isForged) this.#tryLater(revision);
    this.#parts.alarms.raise(
      isForged ? 'DEPLOYMENT_CHANGED' : 'DEPLOYMENT_LOCKED',
      deploymentPartition,
      revision.offset,
    );
  }

  #tryLater(revision: Revision): void {
    this.#parts.opener.fallBehind();
    this.#retry?.cancel();
    if (this.#isClosed) return;
    this.#retry = this.#parts.clock.schedule(retryMs, () => {
      this.#latest ??= revision;
      this.#start();
    });
  }

  async #take({ deployment }: Revision): Promise<void> {
    const { masterKeys, opener, table, log } = this.#parts;
    const { root, wrappingKeys } = await unlockDeployment(masterKeys, log.partitionCount, deployment);
    root.fill(0);
    table.revise(deployment);
    opener.use(wrappingKeys);
    const offsets = new Map<number, bigint[]>();
    for (const { partition, offset } of table.unreadable()) {
      const list = offsets.get(partition) ?? [];
      offsets.set(partition, list);
      list.push(offset);
    }
    for (const [partition, all] of offsets) {
      for (let from = 0; from < all.length; from += MAX_READ_OFFSETS) {
        const records = await log.read(partition, all.slice(from, from + MAX_READ_OFFSETS));
        for (const record of records) if (record !== null) table.apply(record);
      }
    }
  }
}
