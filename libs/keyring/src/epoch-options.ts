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
