import type { Alarms } from './alarms.js';
import { equalBytes } from './crypto/sodium.js';
import { mayFollow, revisionOf, type StandingDeployment } from './deployment.js';
import { Emitter } from './emitter.js';
import type { StoredKeyLogRecord } from './key-log.js';

/** What may be a later revision of the deployment: who opens it knows. */
export interface Revision {
  readonly deployment: StandingDeployment;
  readonly offset: bigint;
}

/**
 * Watches the deployment record that stands: a tombstone for it, or another value that is no later revision, is an alarm
 * (SPEC.md, section 9).
 */
export class DeploymentWatch {
  readonly #alarms: Alarms;
  /** A record was read that may be a later revision. */
  readonly revised = new Emitter<Revision>();
  #standing: StandingDeployment;
  /** In a replay: the record that stands came by, so that what comes behind it is later. */
  #wasSeen = false;

  constructor(standing: StandingDeployment, alarms: Alarms) {
    this.#standing = standing;
    this.#alarms = alarms;
  }

  /** The record that stands, as far as it could be opened. */
  get standing(): StandingDeployment {
    return this.#standing;
  }

  /** The revision was opened: it stands now. */
  revise(deployment: StandingDeployment): void {
    this.#standing = deployment;
  }

  /** Its partition is given anew. */
  restarted(): void {
    this.#wasSeen = false;
  }

  /** In a replay, earlier revisions come by. */
  saw(id: string, record: StoredKeyLogRecord, isReplay: boolean): void {
    const { value } = record;
    if (id !== this.#standing.id) {
      // Of several the next start takes the highest revision (SPEC.md, section 7): no founder writes a higher one.
      const isHigher = value !== null && revisionOf(value) > revisionOf(this.#standing.value);
      if (isHigher && !isReplay) this.#alarm(record);
      return;
    }
    if (value === null || !mayFollow(this.#standing, value)) {
      if (!isReplay) this.#alarm(record);
      return;
    }
    if (equalBytes(value, this.#standing.value)) this.#wasSeen = true;
    else if (this.#wasPassed(value, isReplay)) return;
    this.revised.emit({ deployment: { id, value: value.slice() }, offset: record.offset });
  }

  close(): void {
    this.revised.clear();
  }

  /** Of two records of one revision the later one in the log stands; in a replay the other one comes by once more. */
  #wasPassed(value: Uint8Array, isReplay: boolean): boolean {
    return isReplay && !this.#wasSeen && revisionOf(value) === revisionOf(this.#standing.value);
  }

  #alarm({ partition, offset }: StoredKeyLogRecord): void {
    this.#alarms.raise('DEPLOYMENT_CHANGED', partition, offset);
  }
}
