export type { Clock, Timer } from './clock.js';
export type { Entropy } from './entropy.js';
export type { Disk, DiskFile, EntryKind } from './disk.js';
