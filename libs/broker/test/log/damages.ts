import { iterateBatches } from '@oubliette/protocol';
import type { FoundState } from '../support/kafka-log/kafka-log.js';

/** Files of a log's directory, by name. */
export type Content = ReadonlyMap<string, Uint8Array>;

/** What a start made of a directory; every field told so that it can be compared. */
export interface Outcome {
  readonly start: string;
  readonly end: string;
  readonly stable: string;
  readonly records: string;
  readonly producers: string;
  readonly epochs: string;
  readonly files: Readonly<Record<string, string>>;
}

/** A directory that something happened to, and what a start makes of it. */
export interface Damage {
  readonly name: string;
  readonly of: (whole: Whole) => { readonly content: Content; readonly known: FoundState };
  /** `refused`: ours does not start. Else what of an outcome is not as Kafka has it; default: nothing. */
  readonly ours?: 'refused' | readonly string[];
  /** Whether Kafka opens it. Default: it does. */
  readonly kafkas?: 'opens' | 'fails';
}

const leaderEpoch = 4;
const epochs = 'leader-epoch-checkpoint';
const tail = 10;

/** A log that was closed cleanly, and where it can be hurt. */
export class Whole {
  readonly bases: readonly bigint[];
  readonly end: bigint;

  constructor(readonly files: Content) {
    this.bases = [...files.keys()]
      .filter((name) => name.endsWith('.log'))
      .map((name) => BigInt(name.slice(0, -4)))
      .sort((left, right) => Number(left - right));
    const last = [...iterateBatches(this.get(this.name(-1)))].at(-1);
    this.end = last?.nextOffset ?? 0n;
  }

  get(name: string): Uint8Array {
    const content = this.files.get(name);
    if (content === undefined) throw new Error(`there is no ${name}: ${[...this.files.keys()].join()}`);
    return content;
  }

  base(index: number): bigint {
    return this.bases.at(index) ?? 0n;
  }

  name(index: number, kind = 'log'): string {
    return `${String(this.base(index)).padStart(20, '0')}.${kind}`;
  }

  /** A file's name with the place of its segment, or `end`, for its offset. */
  shortName(file: string): string {
    const [offset = '', kind = ''] = file.split('.');
    if (!/^\d{20}$/.test(offset)) return file;
    const index = this.bases.indexOf(BigInt(offset));
    return `${BigInt(offset) === this.end ? 'end' : index >= 0 ? index : BigInt(offset)}.${kind}`;
  }

  /** The first segment with a transaction index. */
  get aborting(): number {
    return this.bases.findIndex((_, index) => this.files.has(this.name(index, 'txnindex')));
  }
}

type Change = (files: Map<string, Uint8Array>, whole: Whole) => void;
type Stop = 'clean' | 'crash, nothing synced' | 'crash, all but the last segment synced';

const stops: readonly Stop[] = ['clean', 'crash, nothing synced', 'crash, all but the last segment synced'];

function known(stop: Stop, whole: Whole): FoundState {
  const recoveryPoint = stop === 'clean' ? whole.end : stop === 'crash, nothing synced' ? 0n : whole.base(-1);
  return { closedCleanly: stop === 'clean', recoveryPoint, logStartOffset: 0n, leaderEpoch };
}

function damage(
  what: string,
  stop: Stop,
  change: Change,
  more: Pick<Damage, 'ours' | 'kafkas'> & { readonly known?: (whole: Whole) => Partial<FoundState> } = {},
): Damage {
  const { known: asKnown, ...expected } = more;
  return {
    name: `${what} (${stop})`,
    ...expected,
    of: (whole) => {
      const files = new Map(whole.files);
      // Only a clean stop leaves a snapshot behind the last segment.
      if (stop !== 'clean') files.delete(`${String(whole.end).padStart(20, '0')}.snapshot`);
      change(files, whole);
      return { content: files, known: { ...known(stop, whole), ...asKnown?.(whole) } };
    },
  };
}

/** The same after each kind of stop; `but` says where it is not as Kafka has it. */
function always(what: string, change: Change, but: But = {}): Damage[] {
  return stops.map((stop) => damage(what, stop, change, but[stop]));
}

function edit(name: string, change: (content: Buffer) => Uint8Array): Change {
  return (files, whole) => {
    const full = name.replace(/^(-?\d+)\./, (_, index: string) => `${whole.name(Number(index), '')}`);
    files.set(full, change(Buffer.from(whole.get(full))));
  };
}

const remove =
  (name: string): Change =>
  (files, whole) =>
    void files.delete(name.replace(/^(-?\d+)\./, (_, index: string) => whole.name(Number(index), '')));

const cut =
  (bytes: number) =>
  (content: Buffer): Uint8Array =>
    content.subarray(0, content.length - bytes);
const add =
  (...bytes: readonly number[]) =>
  (content: Buffer): Uint8Array =>
    Buffer.concat([content, Buffer.from(bytes)]);
const flip =
  (position: number) =>
  (content: Buffer): Uint8Array => {
    content.writeUInt8(content.readUInt8(position) ^ 0xff, position);
    return content;
  };

const secondBatchAt = (content: Buffer): number => 12 + content.readInt32BE(8);

const flipTxn: Change = (files, whole) => {
  const name = whole.name(whole.aborting, 'txnindex');
  files.set(name, flip(1)(Buffer.from(whole.get(name))));
};

/** What stands in the logs of the first two segments, as a cleaning would have put it into one. */
function merged(whole: Whole): Buffer {
  return Buffer.concat([whole.get(whole.name(0)), whole.get(whole.name(1))]);
}

function put(suffix: string, ...kinds: readonly string[]): Change {
  return (files, whole) => {
    for (const kind of kinds) {
      const content = kind === 'log' ? merged(whole) : Buffer.alloc(0);
      files.set(`${whole.name(0, kind)}${suffix}`, content);
    }
  };
}

const moveAside =
  (suffix: string, ...indexes: readonly number[]): Change =>
  (files, whole) => {
    for (const index of indexes) {
      for (const kind of ['log', 'index', 'timeindex', 'txnindex']) {
        const name = whole.name(index, kind);
        const content = files.get(name);
        files.delete(name);
        if (content !== undefined) files.set(name + suffix, content);
      }
    }
  };

const all =
  (...changes: readonly Change[]): Change =>
  (files, whole) => {
    for (const change of changes) change(files, whole);
  };

const nothing: Change = () => undefined;
const noSnapshots: Change = (files) => {
  for (const name of files.keys()) if (name.endsWith('.snapshot')) files.delete(name);
};
const badSnapshots: Change = (files) => {
  for (const [name, content] of files)
    if (name.endsWith('.snapshot')) files.set(name, flip(3)(Buffer.from(content)));
};
const text = (content: string) => (): Uint8Array => Buffer.from(content);

type But = Partial<Record<Stop, Pick<Damage, 'ours' | 'kafkas'>>>;

/** What was synced and is gone, or cannot be read on from, is told; Kafka goes on without it. */
const refusedOnceClean: But = { clean: { ours: 'refused' } };
const refusedWhereSynced: But = {
  clean: { ours: 'refused' },
  'crash, all but the last segment synced': { ours: 'refused' },
};
/** Kafka's storage fails, and the broker stops. */
const noKafka: But = Object.fromEntries(stops.map((stop) => [stop, { kafkas: 'fails' }]));

/** Kafka serves what stands there with the offset that it has now, and stops where it has to index it. */
const misplaced: But = {
  ...whereSynced('records'),
  'crash, nothing synced': { kafkas: 'fails' },
};

/** Where no record is read these files are left as they are, or empty, by one of the two, and made anew by the other. */
function whereSynced(...names: readonly string[]): But {
  return { clean: { ours: names }, 'crash, all but the last segment synced': { ours: names } };
}

export const damages: readonly Damage[] = [
  ...always('nothing happened', nothing),
  ...always('a torn last batch', edit('-1.log', cut(tail)), refusedOnceClean),
  ...always(
    'garbage behind the last batch',
    edit('-1.log', add(...Array.from({ length: 50 }, (_, i) => i * 5))),
    refusedOnceClean,
  ),
  ...always('zeros behind the last batch', edit('-1.log', add(...Array.from({ length: 90 }, () => 0))), {
    clean: { ours: 'refused', kafkas: 'fails' },
  }),
  ...always(
    'a flipped byte in the last batch',
    edit('-1.log', (content) => flip(content.length - 5)(content)),
  ),
  ...always('a flipped byte in the first segment', edit('0.log', flip(80))),
  ...always('a flipped byte in a header of the first segment', edit('0.log', flip(16))),
  ...always('a batch length of the first segment that reaches beyond it', edit('0.log', flip(9))),
  ...always('the first segment cut short', edit('0.log', cut(tail))),
  ...always(
    'an empty first segment',
    edit('0.log', () => Buffer.alloc(0)),
    refusedWhereSynced,
  ),
  ...always(
    'an offset of the first segment that is far behind it',
    edit('0.log', (content) => flip(secondBatchAt(content) + 3)(content)),
    misplaced,
  ),
  ...always(
    'an offset of the first segment that is before it',
    edit('0.log', (content) => flip(secondBatchAt(content))(content)),
    misplaced,
  ),
  ...always(
    'an empty last segment',
    edit('-1.log', () => Buffer.alloc(0)),
    refusedOnceClean,
  ),
  ...always('an index missing', remove('1.index'), whereSynced('3.snapshot')),
  ...always('a time index missing', remove('1.timeindex'), whereSynced('1.timeindex')),
  ...always('the last index missing', remove('-1.index')),
  ...always('the last time index missing', remove('-1.timeindex'), { clean: { ours: ['5.timeindex'] } }),
  ...always('an index with half an entry', edit('1.index', add(1, 2, 3))),
  ...always('a time index with half an entry', edit('1.timeindex', add(1, 2, 3)), whereSynced('1.timeindex')),
  ...always(
    'an index of zeros',
    edit('1.index', (content) => Buffer.alloc(content.length)),
    whereSynced('1.index'),
  ),
  ...always(
    'an index with zeros behind it, as after a kill',
    edit('-1.index', add(...Array.from({ length: 80 }, () => 0))),
    { clean: { ours: ['5.index'] } },
  ),
  ...always(
    'a time index with zeros behind it, as after a kill',
    edit('-1.timeindex', add(...Array.from({ length: 120 }, () => 0))),
    { clean: { ours: ['5.timeindex'] } },
  ),
  ...always(
    'an empty index',
    edit('1.index', () => Buffer.alloc(0)),
  ),
  ...always('a file that waits for its deletion', put('.deleted', 'log', 'index', 'timeindex')),
  ...always('a cleaning that was not finished', put('.cleaned', 'log', 'index', 'timeindex')),
  ...always(
    'a swap without its log file',
    put('.swap', 'index', 'timeindex'),
    whereSynced('0.index', '0.timeindex'),
  ),
  ...always('a swap beside what it replaces', put('.swap', 'log', 'index', 'timeindex')),
  ...always(
    'a swap whose old segments wait for their deletion',
    all(put('.swap', 'log', 'index', 'timeindex'), moveAside('.deleted', 0, 1)),
  ),
  ...always(
    'a swap that began to come: half of it is called cleaned',
    all(put('.swap', 'index'), put('.cleaned', 'log', 'timeindex')),
  ),
  ...always(
    'a swap whose log has its name, and its indexes not yet',
    all(moveAside('.deleted', 0, 1), put('', 'log'), put('.swap', 'index', 'timeindex')),
    whereSynced('0.index', '0.timeindex'),
  ),
  ...always('an index without a log', (files) =>
    files.set(`${'7'.padStart(20, '0')}.index`, Buffer.alloc(8)),
  ),
  ...always('a file that nobody knows', (files) => files.set('notes.txt', Buffer.from('hello'))),
  ...always('a missing first segment', moveAside('.gone', 0), {
    ...whereSynced(epochs),
    'crash, nothing synced': { ours: ['1.txnindex', '2.snapshot', '2.txnindex', epochs] },
  }),
  ...always('a missing segment in the middle', moveAside('.gone', 1), refusedWhereSynced),
  ...always('a missing last segment', moveAside('.gone', -1), refusedOnceClean),
  ...always('no segment at all', (files) => files.clear(), refusedWhereSynced),
  ...always('no snapshots', noSnapshots, {
    clean: { ours: ['4.snapshot', '5.snapshot', 'end.snapshot', 'producers'] },
  }),
  ...always('damaged snapshots', badSnapshots),
  ...always('a snapshot from nowhere', (files, whole) => {
    const [any] = [...whole.files].filter(([name]) => name.endsWith('.snapshot'));
    if (any !== undefined) files.set(`${'3'.padStart(20, '0')}.snapshot`, any[1]);
  }),
  ...always('a damaged transaction index', flipTxn, whereSynced('1.txnindex')),
  ...always('a transaction index missing', (files, whole) =>
    files.delete(whole.name(whole.aborting, 'txnindex')),
  ),
  ...always(
    'a transaction index with half an entry',
    (files, whole) => {
      const name = whole.name(whole.aborting, 'txnindex');
      files.set(name, add(1, 2, 3)(Buffer.from(whole.get(name))));
    },
    whereSynced('1.txnindex'),
  ),
  ...always('no leader epochs', remove(epochs), { clean: { ours: [epochs] } }),
  ...always('leader epochs that cannot be read', edit(epochs, text('0\n5\n0 0\n')), noKafka),
  ...always('leader epochs beyond the end', edit(epochs, text('0\n3\n0 0\n2 9\n3 900\n'))),
  damage('the log start within the log', 'clean', nothing, {
    known: (whole) => ({ logStartOffset: whole.base(1) + 1n }),
  }),
  damage('the log start behind the end', 'clean', nothing, {
    ours: ['51.snapshot'],
    known: (whole) => ({ logStartOffset: whole.end + 5n }),
  }),
  damage('the log start behind the end', 'crash, nothing synced', nothing, {
    known: (whole) => ({ logStartOffset: whole.end + 5n }),
  }),
  damage('the recovery point behind the end', 'clean', nothing, {
    ours: 'refused',
    known: (whole) => ({ recoveryPoint: whole.end + 5n }),
  }),
  damage('the recovery point behind the end', 'crash, nothing synced', nothing, {
    ours: 'refused',
    known: (whole) => ({ recoveryPoint: whole.end + 5n }),
  }),
  damage('a torn last batch that was synced', 'crash, nothing synced', edit('-1.log', cut(tail)), {
    ours: 'refused',
    known: (whole) => ({ recoveryPoint: whole.end }),
  }),
];
