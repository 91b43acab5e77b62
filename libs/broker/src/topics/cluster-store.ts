import { Buffer } from 'node:buffer';
import type { Disk } from '@oubliette/runtime';
import { BrokerError } from '../errors.js';

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

/** Keeps the cluster's state in one JSON file that is replaced as one synced step: after a crash it is the old or the new one. */
export class ClusterStore {
  readonly #disk: Disk;
  readonly #path: string;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
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

  save(state: ClusterState): void {
    const text = JSON.stringify({ version: formatVersion, ...state }, null, 1);
    this.#disk.replaceFileSync(this.#path, Buffer.from(text, 'utf8'));
  }
}

/** V8 quotes what stands around the fault, which may be a password: only its place is told. */
function syntaxFault({ message }: SyntaxError): string {
  const place = /at position \d+/.exec(message)?.[0];
  return place === undefined ? 'it is not valid JSON' : `it is not valid JSON ${place}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
