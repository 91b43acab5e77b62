import { parseRecordKey, type KeyLogRecord, type StoredKeyLogRecord } from '../../src/index.js';
import type { Actor } from './actor.js';
import { factsOf, hasReturned } from './log-facts.js';

/** What a run has come to. */
export interface RunState {
  readonly records: readonly StoredKeyLogRecord[];
  readonly actors: readonly Actor[];
  readonly dead: ReadonlySet<Actor>;
  readonly isFaulted: boolean;
}

/**
 * Names all that what is still to come can depend on: two runs of one name go on alike. What a process knows is what stood in the log
 * as far as it has read; what it is at, is told by how many steps it took, what it wrote, and what it is about to write; of one that has
 * ended counts what it told and sealed. Keys are random, so they are named by the order in which they come.
 */
export function nameOf({ records, actors, dead, isFaulted }: RunState): string {
  const names = new Names();
  const log = names.standing(records);
  const told = actors.map((actor) => {
    const { alarms, sealedKids, ended } = actor;
    const course = dead.has(actor) ? 'dead' : (ended ?? courseOf(actor, records, names));
    return [course, ...sealedKids.map((kid) => names.ordinal(kid)), ...alarms].join(' ');
  });
  return [log, ...told, isFaulted, hasReturned(factsOf(records))].join('\n');
}

function courseOf({ log }: Actor, records: readonly StoredKeyLogRecord[], names: Names): string {
  const { pending, position, steps, appended, fenceReadTo } = log;
  const before = (end: bigint): string => names.standing(records.filter(({ offset }) => offset < end));
  // What was buried changes nothing in who buried it.
  const keys = appended.filter(({ value }) => value !== null);
  const written = [...keys, ...(pending?.records ?? [])].map((record) => names.of(record));
  return [steps, pending?.kind, before(position), before(fenceReadTo ?? 0n), ...written].join(' | ');
}

/** Where the facts of a record stand that are no random bytes and no times (SPEC.md, sections 5 to 7). */
const KEY_RECORD_BYTES = 106;
const EPOCH_AT = 2;
const MADE_AT = 22;
const FENCE_FINGERPRINTS_AT = 23;
const FENCE_MAC_BYTES = 16;
const DEPLOYMENT_FACTS_END = 5;

class Names {
  readonly #ordinals = new Map<string, number>();

  /** By the order in which they are asked for. */
  ordinal(random: string): number {
    const known = this.#ordinals.get(random) ?? this.#ordinals.size;
    this.#ordinals.set(random, known);
    return known;
  }

  /** The last record of each key, keys by their first: all that a reader ends up with, whatever it saw on the way. */
  standing(records: readonly KeyLogRecord[]): string {
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
      return ['fence', lifecycle, purpose, generation, ...this.#fingerprints(bytes)].join(' ');
    }
    return `${name?.kind} ${bytes.toString('hex', 0, DEPLOYMENT_FACTS_END)} ${bytes.length}`;
  }

  #fingerprints(fence: Buffer): number[] {
    const ordinals: number[] = [];
    for (let at = FENCE_FINGERPRINTS_AT; at < fence.length - FENCE_MAC_BYTES; at += FENCE_MAC_BYTES)
      ordinals.push(this.ordinal(fence.toString('hex', at, at + FENCE_MAC_BYTES)));
    return ordinals;
  }
}

const TOMBSTONE = 'gone';
