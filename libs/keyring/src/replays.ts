import type { KeyScope } from './key-scope.js';
import type { Fence, UserRef } from './keyring.js';

/** A key that was tombstoned, and where. */
interface LostKey {
  readonly userRef: UserRef;
  readonly scope: KeyScope;
  readonly partition: number;
  readonly offset: bigint;
}

/** A partition that is being replayed. */
interface Replay {
  /** Tombstones whose fence may still come. */
  readonly lost: LostKey[];
  /** Of a partition that is given anew: up to which lifecycle a user was forgotten already. */
  readonly fencedBefore: (userRef: UserRef) => number;
  readonly isFirst: boolean;
  /** A record of an older epoch is no alarm when the key stands further on, wrapped anew. */
  sawUnreadable: boolean;
}

/** The partitions that were not read to their end yet, for the first time or anew, and what is judged there. */
export class Replays {
  readonly #replays = new Map<number, Replay>();

  constructor(partitionCount: number) {
    for (let partition = 0; partition < partitionCount; partition++) this.#begin(partition, () => 0, true);
  }

  has(partition: number): boolean {
    return this.#replays.has(partition);
  }

  /** Keys of a replay are not wanted yet: they take no other's place. */
  mayEvict(partition: number): boolean {
    return !this.has(partition);
  }

  restarted(partition: number, fencedBefore: (userRef: UserRef) => number): void {
    this.#begin(partition, fencedBefore, this.#replays.get(partition)?.isFirst ?? false);
  }

  /** Ends the partition's replay: what was lost in it, and whether a record could not be read. */
  end(partition: number): Pick<Replay, 'lost' | 'sawUnreadable'> {
    const replay = this.#replays.get(partition);
    this.#replays.delete(partition);
    return replay ?? { lost: [], sawUnreadable: false };
  }

  /** Notes a tombstone for a living key, to be judged at the end; false when its partition is in no replay. */
  lost(
    userRef: UserRef,
    { lifecycle, purpose, generation }: KeyScope,
    { partition, offset }: Pick<LostKey, 'partition' | 'offset'>,
  ): boolean {
    const replay = this.#replays.get(partition);
    replay?.lost.push({ userRef, scope: { lifecycle, purpose, generation }, partition, offset });
    return replay !== undefined;
  }

  /** Notes that a record could not be read; false when its partition is in no replay. */
  sawUnreadable(partition: number): boolean {
    const replay = this.#replays.get(partition);
    if (replay) replay.sawUnreadable = true;
    return replay !== undefined;
  }

  /** True while the partition is read for the first time. */
  isFirst(partition: number): boolean {
    return this.#replays.get(partition)?.isFirst ?? false;
  }

  /** Fences of the first replay are none, nor are those that were known before a later one. */
  isNews({ userRef, lifecycle }: Fence, partition: number): boolean {
    const replay = this.#replays.get(partition);
    return !replay || (!replay.isFirst && replay.fencedBefore(userRef) < lifecycle);
  }

  #begin(partition: number, fencedBefore: (userRef: UserRef) => number, isFirst: boolean): void {
    this.#replays.set(partition, { lost: [], fencedBefore, isFirst, sawUnreadable: false });
  }
}
