export type { Clock, Timer } from './clock.js';
export type { Entropy } from './entropy.js';
export type { Disk, DiskFile, EntryKind } from './disk.js';
export { SystemClock } from './system-clock.js';
export { SystemDisk } from './system-disk.js';
export { SystemEntropy } from './system-entropy.js';
export { sleep } from './sleep.js';
export { formatDuration, parseDuration } from './duration.js';
export { DiskError, DurationError } from './errors.js';
