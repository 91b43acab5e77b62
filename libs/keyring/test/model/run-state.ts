import { parseRecordKey, type KeyLogRecord, type StoredKeyLogRecord } from '../../src/index.js';
import type { Actor } from './actor.js';
import { factsOf, hasReturned } from './log-facts.js';

/** What a run has come to. */
export interface RunState {
  readonly deeds: readonly string[];
  readonly records: readonly StoredKeyLogRecord[];
  readonly actors: readonly Actor[];
  readonly dead: ReadonlySet<Actor>;
  readonly isFaulted: boolean;
}

/**
 * Names all that what is still to come can depend on: two runs of one name go on alike. A process that has ended counts by what it told
 * and sealed. One that has not is about to append, or to read to the end of the log: whatever it knew before, it will know what stands
 * there, so it counts by what it wrote and is about to write. Keys are random, so they are named by their order in the log; of processes that
 * do the same it does not matter which is which.
 */
export function nameOf({ deeds, records, actors, dead, isFaulted }: RunState): string {
  const names = new Names();
  const log = names.standing(records);
  const told = actors.map((actor, index) => {
    const { alarms, sealedKids, ended } = actor;
    const deed = deeds[index];
    if (dead.has(actor)) return `${deed}: dead`;
    if (ended === null) return `${deed}: ${courseOf(actor, records, names)}`;
    return [deed, ended, ...sealedKids.map((kid) => names.ordinal(kid)), ...alarms].join(' ');
  });
  return [log, ...told.sort(), isFaulted, hasReturned(factsOf(records))].join('\n');
}

function courseOf({ log }: Actor, records: readonly StoredKeyLogRecord[], names: Names): string {
  const { pending, steps, appended, fenceReadTo } = log;
  const beforeItsFence = records.filter(({ offset }) => offset < (fenceReadTo ?? 0n));
  // What was buried changes nothing in who buried it.
  const keys = appended.filter(({ value }) => value !== null);
  const written = [...keys, ...(pending?.records ?? [])].map((record) => names.of(record));
  return [steps, pending?.kind, names.standing(beforeItsFence), ...written].join(' | ');
}

/** Where the facts of a record stand that are no random bytes and no times (SPEC.md, sections 5 to 7). */
const KEY_RECORD_BYTES = 106;
const EPOCH_AT = 2;
const MADE_AT = 22;
const DEPLOYMENT_FACTS_END = 5;

class Names {
  readonly #ordinals = new Map<string, number>();

  /** -1: only one process knows of it. */
  ordinal(random: string): number {
    return this.#ordinals.get(random) ?? -1;
  }

  /** The last record of each key, keys by their first: all that a reader ends up with, whatever it saw on the way. */
  standing(records: readonly KeyLogRecord[]): string {
    for (const { key } of records) this.#meet(key);
    const last = new Map<string, { readonly at: number; readonly name: string }>();
    for (const [at, record] of records.entries()) {
      last.set(Buffer.from(record.key).toString('latin1'), { at, name: this.of(record) });
    }
    const isTombstone = ({ name }: { readonly name: string }): boolean => name.endsWith(TOMBSTONE);
    const all = [...last.values()];
    const values = all.filter((each) => !isTombstone(each));
    const order = [...values].sort((a, b) => a.at - b.at).map((each) => values.indexOf(each));
    const gone = all.filter(isTombstone).map(({ name }) => name);
    return [...values.map(({ name }) => name), ...order, ...gone.sort()].join(',');
  }

  of({ key, value }: KeyLogRecord): string {
    const name = parseRecordKey(key);
    const bytes = Buffer.from(value ?? []);
    if (name?.kind === 'user-key') {
      const facts = bytes.length === KEY_RECORD_BYTES ? bytes.toString('hex', EPOCH_AT, MADE_AT) : TOMBSTONE;
      return `key ${this.ordinal(name.kid)} ${facts}`;
    }
    if (name?.kind === 'fence') {
      const { lifecycle, purpose, generation } = name;
      // It lists the keys that are tombstoned with it, in the order of their tombstones.
      return ['fence', lifecycle, purpose, generation, bytes.length].join(' ');
    }
    return `${name?.kind} ${bytes.toString('hex', 0, DEPLOYMENT_FACTS_END)} ${bytes.length}`;
  }

  #meet(key: Uint8Array): void {
    const name = parseRecordKey(key);
    if (name?.kind === 'user-key' && this.ordinal(name.kid) < 0)
      this.#ordinals.set(name.kid, this.#ordinals.size);
  }
}

const TOMBSTONE = 'gone';
