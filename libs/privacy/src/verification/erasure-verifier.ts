import { isLogDir, type TopicAdmin } from '@oubliette/kafka';
import type { KeyLog, Keyring } from '@oubliette/keyring';
import type { Clock, Disk } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import type { Erasure } from '../ports.js';
import type { Counted, FilesReport, ReadLogDir } from './files-report.js';
import { KeyRecordJudge, kidFingerprint } from './key-record-judge.js';
import { verifyFiles } from './verify-files.js';

export interface VerifierParts {
  readonly keyring: Pick<Keyring, 'partitionOf'>;
  readonly log: Pick<KeyLog, 'records'>;
  readonly admin: Pick<TopicAdmin, 'describeTopics'>;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly keyTopic: string;
  /** Log directories of brokers that this process can read: looked at in every verification. */
  readonly logDirs?: readonly string[];
}

/** What one verification looks at beside what all do. */
export interface VerificationScope {
  /** More log directories. Each must have the `meta.properties` of a broker: a path is no way to have other directories listed. */
  readonly logDirs?: readonly string[];
  readonly everyTopic?: boolean;
}

/** What the leader gives of the partition, from its start to the high watermark. */
export interface LogReading {
  readonly partition: number;
  readonly records: number;
  /** Decimal; null in an empty partition. */
  readonly firstOffset: string | null;
  readonly lastOffset: string | null;
  /** Records of this user's keys without key material. */
  readonly tombstones: number;
  /** Records that say to be keys of a lifecycle that began after the erasure: not judged. */
  readonly later: number;
  readonly keys: Counted<{
    readonly offset: string;
    readonly kid: string;
    readonly lifecycle: number | null;
  }>;
}

/** One replica of the partition, and what of it was seen: over the network the leader alone, or its files. */
export interface SeenReplica {
  readonly broker: number;
  readonly isLeader: boolean;
  readonly isInSync: boolean;
  readonly seen: 'log' | 'files' | 'log and files' | 'nothing';
}

/** An erasure, checked now. Strings, whole numbers, booleans and null alone; no pseudonym, no kid, no byte of a key. */
export interface ErasureCheck {
  readonly erasureId: string;
  readonly state: Erasure['state'];
  /** When it began, ms since the Unix epoch. */
  readonly checkedAt: number;
  /** Of what was seen. `unclear`: no key stands, but something that is there could not be read. */
  readonly verdict: 'clean' | 'remains' | 'unclear';
  readonly log: LogReading;
  /** null: no log directory was named. */
  readonly files: FilesReport | null;
  readonly replicas: readonly SeenReplica[];
}

const mostLogDirs = 64;
const keysKept = 1_000;

/** Checks erasures by reading the key topic anew, over the network and in files. One at a time: each reads a whole partition. */
export class ErasureVerifier {
  readonly #closing = new AbortController();
  #running: Promise<unknown> | null = null;

  constructor(private readonly parts: VerifierParts) {}

  /**
   * Rejects with PrivacyError LOG_DIR_INVALID, VERIFICATION_BUSY (retriable) while another one runs, VERIFICATION_CLOSED, and with what
   * the log and the cluster reject with.
   */
  async verify(erasure: Erasure, scope: VerificationScope = {}): Promise<ErasureCheck> {
    if (this.#closing.signal.aborted) throw closed();
    const logDirs = this.#logDirsOf(scope);
    if (this.#running !== null)
      throw new PrivacyError(
        'VERIFICATION_BUSY',
        'An erasure is being verified; try again when that is done.',
      );
    const running = this.#verify(erasure, logDirs, scope.everyTopic === true);
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = null;
    }
  }

  /** Ends a verification under way. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.allSettled([this.#running]);
  }

  async #verify(erasure: Erasure, logDirs: readonly string[], everyTopic: boolean): Promise<ErasureCheck> {
    const { clock, disk, keyTopic } = this.parts;
    const { erasureId, state } = erasure;
    const checkedAt = clock.now();
    const log = await this.#readLog(erasure);
    const scope = { logDirs, keyTopic, everyTopic };
    const { signal } = this.#closing;
    const files =
      logDirs.length === 0 ? null : await verifyFiles(disk, scope, { users: [erasure] }, { signal });
    const replicas = await this.#replicas(log.partition, files?.logDirs ?? []);
    const hasKeys = log.keys.total > 0 || files?.verdict === 'remains';
    const verdict = hasKeys ? 'remains' : (files?.verdict ?? 'clean');
    return { erasureId, state, checkedAt, verdict, log, files, replicas };
  }

  async #readLog(erasure: Erasure): Promise<LogReading> {
    const { keyring, log } = this.parts;
    const partition = keyring.partitionOf(erasure.userRef);
    const judge = new KeyRecordJudge([erasure]);
    const first: LogReading['keys']['first'][number][] = [];
    const ends: { first: bigint | null; last: bigint | null } = { first: null, last: null };
    const counts = { records: 0, tombstones: 0, later: 0, keys: 0 };
    for await (const { key, value, offset } of log.records(partition)) {
      this.#closing.signal.throwIfAborted();
      ends.first ??= offset;
      ends.last = offset;
      counts.records++;
      for (const { kid, verdict, lifecycle } of judge.judge(key, value, true)) {
        if (verdict === 'tombstone') counts.tombstones++;
        if (verdict === 'later') counts.later++;
        if (verdict === 'key' && counts.keys++ < keysKept)
          first.push({ offset: `${offset}`, kid: kidFingerprint(kid), lifecycle });
      }
    }
    return {
      partition,
      records: counts.records,
      firstOffset: ends.first === null ? null : `${ends.first}`,
      lastOffset: ends.last === null ? null : `${ends.last}`,
      tombstones: counts.tombstones,
      later: counts.later,
      keys: { total: counts.keys, first },
    };
  }

  async #replicas(partition: number, logDirs: readonly ReadLogDir[]): Promise<SeenReplica[]> {
    const { admin, keyTopic } = this.parts;
    const [topic] = await admin.describeTopics([keyTopic]);
    const found = topic?.partitions.find((one) => one.partition === partition);
    const holds = ({ directories }: ReadLogDir): boolean =>
      directories.some(
        (one) => one.topic === keyTopic && one.partition === partition && one.state === 'live',
      );
    const withFiles = new Set(logDirs.filter(holds).map(({ broker }) => broker));
    return [...(found?.replicas ?? [])]
      .sort((a, b) => a - b)
      .map((broker) => {
        const isLeader = found?.leader === broker;
        const hasFiles = withFiles.has(broker);
        const seen = hasFiles ? (isLeader ? 'log and files' : 'files') : isLeader ? 'log' : 'nothing';
        return { broker, isLeader, isInSync: found?.isr.includes(broker) ?? false, seen };
      });
  }

  #logDirsOf({ logDirs = [] }: VerificationScope): string[] {
    if (logDirs.length > mostLogDirs) throw invalidLogDirs(`there are more than ${mostLogDirs} of them`);
    const { disk } = this.parts;
    for (const [index, path] of logDirs.entries()) {
      if (!path.startsWith('/')) throw invalidLogDirs(`number ${index + 1} is no absolute path`);
      if (!isLogDir(disk, path))
        throw invalidLogDirs(
          `number ${index + 1} has no meta.properties, which every log directory (log.dirs) of a broker has, or this process may not look there`,
        );
    }
    const all = [...(this.parts.logDirs ?? []), ...logDirs].map((path) => disk.realPathSync(path));
    return [...new Set(all)];
  }
}

function invalidLogDirs(why: string): PrivacyError {
  return new PrivacyError('LOG_DIR_INVALID', `These log directories cannot be read: ${why}.`);
}

function closed(): PrivacyError {
  return new PrivacyError(
    'VERIFICATION_CLOSED',
    'The application is being stopped: verify the erasure anew.',
  );
}
