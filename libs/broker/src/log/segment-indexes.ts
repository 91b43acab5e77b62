import type { Disk } from '@oubliette/runtime';
import type { SegmentFiles } from './segment-files.js';
import { OffsetIndex, TimeIndex, type OffsetLookup, type TimeLookup } from './sparse-index.js';
import { StoredOffsetIndex, StoredTimeIndex } from './stored-index.js';
import { writeWhole } from './whole-file.js';

/** The newest entry of a time index. */
export interface LastTime {
  readonly timestamp: bigint;
  readonly relativeOffset: number;
}

/** What the index files of a sealed segment hold. */
export interface StoredIndexes {
  readonly offsetEntries: number;
  readonly timeEntries: number;
  readonly lastTime: LastTime | null;
}

/** How many entries there are. */
export interface IndexMark {
  readonly offsetEntries: number;
  readonly timeEntries: number;
}

/** Growing in memory, and once the segment is sealed looked up in their files alone. */
type Indexes =
  | { readonly kind: 'growing'; readonly offsets: OffsetIndex; readonly times: TimeIndex }
  | { readonly kind: 'stored'; readonly offsets: OffsetLookup; readonly times: TimeLookup };
type Growing = Extract<Indexes, { kind: 'growing' }>;

function emptyIndexes(): Growing {
  return { kind: 'growing', offsets: new OffsetIndex(), times: new TimeIndex() };
}

/** The two indexes of a segment; offsets are relative to its base. */
export class SegmentIndexes {
  /** Whether the files may lack something of what stands here. */
  isUnstored = true;
  #indexes: Indexes = emptyIndexes();

  constructor(
    private readonly disk: Disk,
    private readonly files: SegmentFiles,
  ) {}

  get offsets(): OffsetLookup {
    return this.#indexes.offsets;
  }

  get times(): TimeLookup {
    return this.#indexes.times;
  }

  get isStored(): boolean {
    return this.#indexes.kind === 'stored';
  }

  /** For a batch at a position of the log file. */
  appendOffset(relativeOffset: number, position: number): void {
    this.#growing.offsets.append(relativeOffset, position);
  }

  /** For the newest timestamp so far, where it is newer than that of the last entry. */
  appendTime(timestamp: bigint, relativeOffset: number): void {
    this.#growing.times.appendIfHigher(timestamp, relativeOffset);
  }

  mark(): IndexMark {
    const { offsets, times } = this.#growing;
    return { offsetEntries: offsets.count, timeEntries: times.count };
  }

  restore({ offsetEntries, timeEntries }: IndexMark): void {
    const { offsets, times } = this.#growing;
    offsets.truncate(offsetEntries);
    times.truncate(timeEntries);
  }

  /** Begins anew, without an entry. */
  clear(): void {
    this.#indexes = emptyIndexes();
  }

  /** Goes on from what the files hold. */
  goOn(offsets: OffsetIndex, times: TimeIndex): void {
    this.#indexes = { kind: 'growing', offsets, times };
  }

  /** Looks up in the files from now on, which hold so many entries. */
  lookUpIn({ offsetEntries, timeEntries }: IndexMark): void {
    const { disk, files } = this;
    const offsets = new StoredOffsetIndex({ disk, path: () => files.path('index'), count: offsetEntries });
    const times = new StoredTimeIndex({ disk, path: () => files.path('timeindex'), count: timeEntries });
    this.#indexes = { kind: 'stored', offsets, times };
  }

  /** Writes the files and syncs them. */
  async store(): Promise<void> {
    const { offsets, times } = this.#growing;
    await Promise.all([
      writeWhole(this.disk, this.files.path('index'), offsets.bytes),
      writeWhole(this.disk, this.files.path('timeindex'), times.bytes),
    ]);
    this.isUnstored = false;
  }

  get #growing(): Growing {
    if (this.#indexes.kind !== 'growing') throw new RangeError(`${this.files.path('log')} is sealed`);
    return this.#indexes;
  }
}
