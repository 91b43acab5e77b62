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
}

/** Takes the wrapping keys of each later revision of the deployment, and reads again what could not be read without them. */
export class DeploymentFollower {
  readonly #parts: DeploymentFollowerParts;
  #latest: Revision | null = null;
  #working: Promise<void> | null = null;

  constructor(parts: DeploymentFollowerParts) {
    this.#parts = parts;
    parts.table.revised.subscribe((revision) => {
      this.#latest = revision;
      this.#working ??= this.#work().finally(() => (this.#working = null));
    });
  }

  /** Resolves when what was heard of so far was worked off. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  /** Never rejects: what fails is an alarm, and the records stay unreadable until the next revision or start. */
  async #work(): Promise<void> {
    for (let next = this.#latest; next !== null; next = this.#latest) {
      this.#latest = null;
      try {
        await this.#take(next);
      } catch (error) {
        this.#refuse(error, next.offset);
      }
    }
  }

  /** A record that nobody of this deployment made is no revision; one that is not to be opened here may be. */
  #refuse(error: unknown, offset: bigint): void {
    const isForged = error instanceof KeyringError && error.code === 'DEPLOYMENT_RECORD_INVALID';
    if (!isForged) this.#parts.opener.fallBehind();
    this.#parts.alarms.raise(
      isForged ? 'DEPLOYMENT_CHANGED' : 'DEPLOYMENT_LOCKED',
      deploymentPartition,
      offset,
    );
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
