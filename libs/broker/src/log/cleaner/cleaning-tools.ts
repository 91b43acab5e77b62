import type { Clock, Disk } from '@oubliette/runtime';
import type { Reaper } from '../reaper.js';
import type { CleanerSettings } from './cleaner-settings.js';
import type { Pace } from './pace.js';

/** What one cleaning pass works with. */
export interface CleaningTools {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly reaper: Reaper;
  readonly settings: CleanerSettings;
  readonly pace: Pace;
  /** Whether to stop at the next chunk. */
  readonly isStopping: () => boolean;
}
