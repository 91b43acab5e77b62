import type { LogRecord } from '@oubliette/kafka';
import type { Counted, FilesReport, FoundBytes, StandingKey } from './files-report.js';
import { kidFingerprint, KeyRecordJudge, type ForgottenUser } from './key-record-judge.js';
import { LEAST_NEEDLE_BYTES, Needles, NeedleSearch } from './needle-search.js';

/** What is looked for in files. */
export interface FilesQuestion {
  readonly users: readonly ForgottenUser[];
  /** Byte strings of at least 8 bytes that must stand nowhere, e.g. wrapped keys that the caller knows. */
  readonly secrets?: readonly Uint8Array[];
}

/** Where something was found. */
export interface Place {
  readonly logDir: number;
  readonly directory: string;
  readonly file: string;
}

const kept = 1_000;
/** Kids that are learned from records and looked for elsewhere, of all users together. */
const mostKids = 1_000_000;

class Collected<T> {
  readonly #first: T[] = [];
  #total = 0;

  add(item: T): void {
    if (this.#total++ < kept) this.#first.push(item);
  }

  get counted(): Counted<T> {
    return { total: this.#total, first: this.#first };
  }
}

/** Everything that is looked for, and what of it was found so far. */
export class FileFindings {
  readonly #judge: KeyRecordJudge;
  readonly #secrets = new Needles();
  readonly #names = new Needles();
  readonly #kids = new Set<string>();
  readonly #keys = new Collected<StandingKey>();
  readonly #bytes = new Collected<FoundBytes>();
  readonly #usersWithKeys = new Set<number>();
  #secretsFound = false;
  #tombstones = 0;
  #later = 0;

  /** Throws RangeError for a secret of fewer than 8 bytes. */
  constructor({ users, secrets = [] }: FilesQuestion) {
    this.#judge = new KeyRecordJudge(users);
    for (const [number, bytes] of secrets.entries()) this.#secrets.add({ kind: 'secret', number, bytes });
    for (const [number, { userRef }] of users.entries()) this.#addHex('user-ref', number, userRef);
  }

  record({ offset, key, value }: LogRecord, place: Place, isKeyTopic: boolean): void {
    for (const { user, kid, verdict, lifecycle } of this.#judge.judge(key, value, isKeyTopic)) {
      if (verdict === 'later') {
        this.#later++;
        continue;
      }
      this.#learn(user, kid);
      if (verdict === 'tombstone') this.#tombstones++;
      else {
        this.#usersWithKeys.add(user);
        this.#keys.add({ ...place, user, offset: `${offset}`, kid: kidFingerprint(kid), lifecycle });
      }
    }
  }

  /** Looks for secrets in bytes that come one after the other. */
  secretSearch(place: Place, isPacked: boolean, positionOf: (position: number) => number): NeedleSearch {
    return new NeedleSearch(this.#secrets, ({ kind, number }, position) => {
      this.#secretsFound = true;
      this.#bytes.add({ ...place, kind, number, position: positionOf(position), isPacked });
    });
  }

  /** Looks for pseudonyms, and for the kids that records had so far. */
  nameSearch(place: Place): NeedleSearch {
    return new NeedleSearch(this.#names, ({ kind, number }, position) =>
      this.#bytes.add({ ...place, kind, number, position, isPacked: false }),
    );
  }

  get counts(): Pick<FilesReport, 'keys' | 'bytes' | 'tombstones' | 'later'> {
    return {
      keys: this.#keys.counted,
      bytes: this.#bytes.counted,
      tombstones: this.#tombstones,
      later: this.#later,
    };
  }

  get usersWithKeys(): number[] {
    return [...this.#usersWithKeys].sort((a, b) => a - b);
  }

  /** Key material, as a record or as bytes. */
  get hasRemains(): boolean {
    return this.#usersWithKeys.size > 0 || this.#secretsFound;
  }

  #learn(user: number, kid: string): void {
    if (this.#kids.size >= mostKids || this.#kids.has(kid)) return;
    this.#kids.add(kid);
    this.#addHex('kid', user, kid);
  }

  /** As it stands in a record's key, and in an envelope. */
  #addHex(kind: 'user-ref' | 'kid', number: number, hex: string): void {
    const binary = Buffer.from(hex, 'hex');
    if (binary.length < LEAST_NEEDLE_BYTES) throw new RangeError(`a ${kind} is no hex text`);
    this.#names.add({ kind, number, bytes: binary });
    this.#names.add({ kind, number, bytes: Buffer.from(hex, 'latin1') });
  }
}
