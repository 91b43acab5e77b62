import type { Clock } from '@oubliette/runtime';
import { codeOf, PrivacyError } from '../errors.js';
import type { AuditContent, AuditGap, AuditSource, AuditSourceKind } from './audit-source.js';
import { ByteSearch } from './byte-search.js';
import { ContentScan, type ScanHit } from './content-scan.js';
import { formsOf, type TermForm, type TermPattern } from './term-forms.js';
import { matchesOf, TextSearch, type AuditPattern } from './text-patterns.js';

/** What to look for: values of people who were forgotten, shapes of personal data, or both. */
export interface LeakQuestion {
  /** 4 to 256 characters each, 10,000 at most. */
  readonly terms: readonly string[];
  /** 32 at most. */
  readonly patterns?: readonly AuditPattern[];
}

export interface LeakAuditOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Hears of a source when it begins, when it ends, and at most once in `progressMs` between. */
  readonly onProgress?: (progress: LeakAuditProgress) => void;
  /** Default 1,000. */
  readonly progressMs?: number;
  /** How many findings are kept of each source; all are counted. Default 100. */
  readonly findingsPerSource?: number;
}

export interface LeakAuditProgress {
  readonly source: string;
  /** What was looked through of it so far: packed bytes count as packed. */
  readonly entries: number;
  readonly bytes: number;
  /** Occurrences found so far in all sources. */
  readonly hits: number;
  readonly done: boolean;
}

/** One place where something stands that should not. Neither the term nor what stands around it is told. */
export interface LeakFinding {
  readonly source: string;
  readonly kind: AuditSourceKind;
  readonly place: string;
  /** Counted from 1, in the order asked; null for a pattern. */
  readonly term: number | null;
  readonly pattern: string | null;
  /** null for a pattern. */
  readonly form: TermForm | null;
  /** It stands within gzip. */
  readonly unpacked: boolean;
  /** How often it stands in this place, in this form. */
  readonly hits: number;
}

/** What was not looked into, and why. */
export interface UnseenPlace {
  readonly source: string;
  readonly place: string;
  readonly reason: string;
}

export interface SourceReport {
  readonly name: string;
  readonly kind: AuditSourceKind;
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly unseen: number;
  /** What could not be read though it should have been. */
  readonly failed: number;
  /** Code of the error that ended the source before its end; null: it was read to its end. */
  readonly failure: string | null;
}

export interface LeakReport {
  /** Nothing was found. */
  readonly clean: boolean;
  /** Every source was read to its end, and everything in it that should be readable. */
  readonly complete: boolean;
  readonly hits: number;
  /** Up to `findingsPerSource` of each source. */
  readonly findings: readonly LeakFinding[];
  /** The same number of each source. */
  readonly unseen: readonly UnseenPlace[];
  readonly sources: readonly SourceReport[];
}

const LIMITS = { terms: 10_000, shortest: 4, longest: 256, patterns: 32, sources: 1_000 };
/** Time on the processor after which others have a turn. */
const TURN_MS = 20;

/**
 * Reads every source to its end and says where terms or patterns stand. A source that fails is named, and the others are read. Rejects
 * with `AUDIT_QUESTION_INVALID`, or with the signal's reason.
 */
export async function auditLeaks(
  sources: readonly AuditSource[],
  question: LeakQuestion,
  options: LeakAuditOptions,
): Promise<LeakReport> {
  const { terms, patterns = [] } = checked(question, sources);
  const search = new ByteSearch(terms.flatMap((term, index) => formsOf(term, index + 1)));
  const run = new AuditRun(search, patterns, options);
  for (const source of sources) await run.read(source);
  return run.report();
}

class AuditRun {
  readonly #search: ByteSearch<TermPattern>;
  readonly #patterns: readonly AuditPattern[];
  readonly #options: LeakAuditOptions;
  readonly #reports: SourceReport[] = [];
  readonly #findings: LeakFinding[] = [];
  readonly #unseen: UnseenPlace[] = [];
  #hits = 0;
  #lastTurn: number;
  #lastTold = -Infinity;

  constructor(search: ByteSearch<TermPattern>, patterns: readonly AuditPattern[], options: LeakAuditOptions) {
    this.#search = search;
    this.#patterns = patterns;
    this.#options = options;
    this.#lastTurn = options.clock.monotonic();
  }

  async read(source: AuditSource): Promise<void> {
    const { name, kind } = source;
    const sum = { name, kind, entries: 0, bytes: 0, hits: 0, unseen: 0, failed: 0 };
    let failure: string | null = null;
    this.#tell(sum, false, true);
    try {
      for await (const entry of source.entries()) {
        sum.entries++;
        await this.#entry(entry, sum);
      }
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      failure = codeOf(error);
    }
    this.#reports.push({ ...sum, failure });
    this.#tell(sum, true, true);
  }

  report(): LeakReport {
    return {
      clean: this.#hits === 0,
      complete: this.#reports.every(({ failure, failed }) => failure === null && failed === 0),
      hits: this.#hits,
      findings: this.#findings,
      unseen: this.#unseen,
      sources: this.#reports,
    };
  }

  async #entry(entry: AuditContent | AuditGap, sum: Sum): Promise<void> {
    if ('unseen' in entry) {
      this.#skip(entry.place, entry.unseen, entry.failed, sum);
      await this.#passed(0, sum);
      return;
    }
    const found = new Map<string, ScanHit & { hits: number }>();
    const scan = new ContentScan(this.#search, this.#patterns, {
      found: (hit) => count(found, hit),
      unseen: (reason) => this.#skip(entry.place, reason, false, sum),
      passed: (bytes) => this.#passed(bytes, sum),
    });
    try {
      await scan.scan(entry.content);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      const code = codeOf(error);
      if (code === 'UNEXPECTED') throw error;
      // A file may go while it is looked for: then nothing of it is left to be found.
      const isGone = code === 'ENOENT';
      this.#skip(entry.place, isGone ? 'gone before it was read' : `cannot be read (${code})`, !isGone, sum);
    }
    this.#keep(entry.place, found.values(), sum);
  }

  #keep(place: string, found: Iterable<ScanHit & { hits: number }>, sum: Sum): void {
    for (const hit of found) {
      this.#hits += hit.hits;
      sum.hits += hit.hits;
      if (!hasRoom(this.#findings, sum.name, this.#options)) continue;
      this.#findings.push({
        source: sum.name,
        kind: sum.kind,
        place: this.#safe(place, sum),
        term: 'term' in hit ? hit.term : null,
        pattern: 'pattern' in hit ? hit.pattern : null,
        form: 'form' in hit ? hit.form : null,
        unpacked: hit.unpacked,
        hits: hit.hits,
      });
    }
  }

  #skip(place: string, reason: string, failed: boolean, sum: Sum): void {
    sum.unseen++;
    if (failed) sum.failed++;
    if (!hasRoom(this.#unseen, sum.name, this.#options)) return;
    this.#unseen.push({ source: sum.name, place: this.#safe(place, sum), reason });
  }

  /** A file, a topic or a header may be named after somebody: such a name is not repeated. */
  #safe(place: string, { entries }: Sum): string {
    let isNamed = false;
    const bytes = Buffer.from(place, 'utf8');
    this.#search.find(bytes, () => (isNamed = true));
    const text = new TextSearch(this.#patterns, () => (isNamed = true));
    text.push(bytes);
    text.end();
    return isNamed ? `entry ${entries} (its place is named with what was looked for)` : place;
  }

  async #passed(bytes: number, sum: Sum): Promise<void> {
    sum.bytes += bytes;
    const { signal, clock } = this.#options;
    signal?.throwIfAborted();
    this.#tell(sum, false, false);
    if (clock.monotonic() - this.#lastTurn < TURN_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#lastTurn = clock.monotonic();
  }

  #tell({ name, entries, bytes }: Sum, done: boolean, always: boolean): void {
    const { onProgress, progressMs = 1_000, clock } = this.#options;
    if (onProgress === undefined) return;
    const now = clock.monotonic();
    if (!always && now - this.#lastTold < progressMs) return;
    this.#lastTold = now;
    onProgress({ source: name, entries, bytes, hits: this.#hits, done });
  }
}

type Sum = { -readonly [Key in Exclude<keyof SourceReport, 'failure'>]: SourceReport[Key] };

function hasRoom(
  kept: readonly { readonly source: string }[],
  source: string,
  { findingsPerSource = 100 }: LeakAuditOptions,
): boolean {
  // Sources come one after the other, so that those of one stand at the end.
  return kept.length < findingsPerSource || kept.at(-findingsPerSource)?.source !== source;
}

function count(found: Map<string, ScanHit & { hits: number }>, hit: ScanHit): void {
  const what = 'term' in hit ? `${hit.term} ${hit.form}` : `of ${hit.pattern}`;
  const key = `${what} ${hit.unpacked}`;
  const known = found.get(key);
  if (known === undefined) found.set(key, { ...hit, hits: 1 });
  else known.hits++;
}

/** Terms are named by their number, never by their text. */
function checked(question: LeakQuestion, sources: readonly AuditSource[]): LeakQuestion {
  const { terms, patterns = [] } = question;
  if (terms.length + patterns.length === 0) throw invalid('Nothing to look for: give a term or a pattern.');
  if (terms.length > LIMITS.terms) throw invalid(`More than ${LIMITS.terms} terms: ask in parts.`);
  for (const [index, term] of terms.entries())
    if (term.length < LIMITS.shortest || term.length > LIMITS.longest)
      throw invalid(
        `Term ${index + 1} has ${term.length} characters: give ${LIMITS.shortest} to ${LIMITS.longest}. Shorter ones are met by chance.`,
      );
  if (patterns.length > LIMITS.patterns)
    throw invalid(`More than ${LIMITS.patterns} patterns: ask in parts.`);
  for (const [index, { expression }] of patterns.entries())
    if (!matchesOf(expression)('', 0).next().done)
      throw invalid(
        `Pattern ${index + 1} matches an empty text, so it stands everywhere: make it ask for something.`,
      );
  if (sources.length === 0) throw invalid('Nowhere to look: no source was declared.');
  if (sources.length > LIMITS.sources)
    throw invalid(`More than ${LIMITS.sources} sources: put some into one.`);
  if (new Set(sources.map(({ name }) => name)).size < sources.length)
    throw invalid('Two sources have one name: a finding could not say where it is.');
  return question;
}

function invalid(message: string): PrivacyError {
  return new PrivacyError('AUDIT_QUESTION_INVALID', message);
}
