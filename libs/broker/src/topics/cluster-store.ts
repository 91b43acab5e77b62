import { Buffer } from 'node:buffer';
import type { Disk } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';
import { StateReserve } from './state-reserve.js';
import { writeWhole } from '../log/whole-file.js';

/** One topic as it is stored. */
export interface StoredTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
  /** Ascending: in which run of the broker the partitions were made. The registry adds it; without it, in the first. */
  readonly made?: readonly MadePartitions[];
}

/** Partitions from `first` on that were made in one run of the broker. */
export interface MadePartitions {
  readonly first: number;
  readonly run: number;
}

/** All that the broker must remember besides the logs. */
export interface ClusterState {
  /** How many starts came before this one. */
  readonly run: number;
  readonly clusterId: string;
  /** The first producer id that was never handed out (nor reserved). */
  readonly nextProducerId: string;
  readonly topics: readonly StoredTopic[];
  /** Topics whose deletion was decided and whose directories may still stand. */
  readonly deleting: readonly { readonly name: string; readonly partitions: number }[];
  readonly brokerConfigs: {
    readonly cluster: Readonly<Record<string, string>>;
    readonly broker: Readonly<Record<string, string>>;
  };
  readonly resourceConfigs: ResourceConfigs;
}

/** Settings of what is neither a topic nor a broker, by its name. */
export type ResourceConfigs = Readonly<
  Record<'group' | 'clientMetrics', Readonly<Record<string, Readonly<Record<string, string>>>>>
>;

export const noResourceConfigs: ResourceConfigs = { group: {}, clientMetrics: {} };

type LaterFields = 'run' | 'resourceConfigs';
type StoredState = Omit<ClusterState, LaterFields> & Partial<Pick<ClusterState, LaterFields>>;

const formatVersion = 1;

/**
 * Keeps the cluster's state in one JSON file that is replaced as one synced step: after a crash it is the old or the new one.
 * Beside it stands a reserve (StateReserve), in which deletions and settings can be written when the disk is full. One writing at a time.
 */
export class ClusterStore {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #reserve: StateReserve;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
    this.#reserve = new StateReserve(disk, path);
  }

  /** The stored state, or null before the first start. Throws `DATA_DIR_CORRUPT` for a file that is not ours. */
  load(): ClusterState | null {
    if (!this.#disk.existsSync(this.#path)) return null;
    const text = Buffer.from(this.#disk.readFileSync(this.#path)).toString('utf8');
    try {
      const { version, ...state } = JSON.parse(text) as StoredState & { version: number };
      if (version !== formatVersion)
        throw new Error(`format version ${version}, this broker reads ${formatVersion}`);
      if (!Array.isArray(state.topics) || typeof state.clusterId !== 'string')
        throw new Error('a field is missing');
      // Files of before groups had settings, or starts were counted, hold neither.
      return { run: 0, resourceConfigs: noResourceConfigs, ...state };
    } catch (cause) {
      const why = cause instanceof SyntaxError ? syntaxFault(cause) : messageOf(cause);
      throw new BrokerError(
        'DATA_DIR_CORRUPT',
        `${this.#path} cannot be read (${why}): restore it from a copy, or start with an empty data directory`,
      );
    }
  }

  /** For the start, when nobody is held up by it. Throws DiskError. */
  saveSync(state: ClusterState): void {
    this.#disk.replaceFileSync(this.#path, this.#reserve.padded(contentOf(state)));
  }

  /** Makes the reserve for the stored state. Rejects with DiskError. */
  async prepare(state: ClusterState): Promise<void> {
    await this.#reserve.provide(contentOf(state).length);
    if (this.#disk.statSync(this.#path).size < this.#reserve.size) await this.save(state);
  }

  /** Rejects with DiskError; then the file holds what it held, unless the disk fails at that too. */
  async save(state: ClusterState): Promise<void> {
    const content = contentOf(state);
    await this.#reserve.provide(content.length);
    const draft = `${this.#path}.tmp`;
    try {
      await writeWhole(this.#disk, draft, this.#reserve.padded(content));
      await this.#reserve.replace(draft);
    } catch (error) {
      // A part of it would take the room that is missing.
      if (this.#disk.existsSync(draft)) this.#disk.removeFileSync(draft);
      throw error;
    }
  }

  /** The same without new room on the disk, for a state that fits into the reserve: else ENOSPC. */
  async saveInReserve(state: ClusterState): Promise<void> {
    await this.#reserve.use(contentOf(state));
  }
}

function contentOf(state: ClusterState): Uint8Array {
  return Buffer.from(JSON.stringify({ version: formatVersion, ...state }, null, 1), 'utf8');
}

/** V8 quotes what stands around the fault, which may be a password: only its place is told. */
function syntaxFault({ message }: SyntaxError): string {
  const place = /at position \d+/.exec(message)?.[0];
  return place === undefined ? 'it is not valid JSON' : `it is not valid JSON ${place}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
