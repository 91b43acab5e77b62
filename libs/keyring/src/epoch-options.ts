/** What the turn of an epoch tells of itself. */
export interface EpochProgress {
  readonly step:
    'announcing' | 'putting in force' | 're-wrapping' | 'waiting' | 'dropping the old' | 'destroying the old';
  /** Key records wrapped under the new epoch, of those that are to be. */
  readonly done: number;
  readonly total: number;
}

export interface EpochOptions {
  /** Key records written a second at most. Default 5,000. */
  readonly recordsPerSecond?: number;
  readonly onProgress?: (progress: EpochProgress) => void;
  readonly signal?: AbortSignal;
}

/** How a turn of the epoch ended. */
export interface EpochTurn {
  /** The epoch in force. */
  readonly epoch: number;
  /**
   * Until then (ms since the Unix epoch) an operator of the key service can still take the old master key back, and with it what
   * copies of the key topic hold; null: it is gone.
   */
  readonly recoverableUntil: number | null;
}
