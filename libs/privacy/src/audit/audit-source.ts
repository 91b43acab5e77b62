/** What a source is, for whoever reads the findings. */
export type AuditSourceKind = 'topic' | 'table' | 'file' | 'snapshot' | 'export' | 'cache';

/** One thing to look through. */
export interface AuditContent {
  /** Where it stands, e.g. `students-2@17 value` or `table users, column email, row 12`: never its content. */
  readonly place: string;
  /** Of a stream each piece counts only until the next one is asked for: its memory may be used again. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Something that this source cannot look into, and says so. */
export interface AuditGap {
  readonly place: string;
  readonly unseen: string;
  /** True where it should have been readable and was not: the audit is not complete then. */
  readonly failed: boolean;
}

/** One place where an application keeps data. */
export interface AuditSource {
  /** Given by the application, not by its data. */
  readonly name: string;
  readonly kind: AuditSourceKind;
  /** Everything that stands there, once, from the start at each call; with bounded memory. Rejects when the source as a whole cannot be read. */
  entries(): AsyncIterable<AuditContent | AuditGap>;
}

/** A value of a cache, a snapshot store or whatever else an application holds. */
export interface AuditValue {
  readonly place: string;
  readonly content: string | Uint8Array;
}

/** A source out of what the application gives: `values` is called once an audit. */
export function valueSource(options: {
  readonly name: string;
  readonly kind: AuditSourceKind;
  readonly values: () => Iterable<AuditValue> | AsyncIterable<AuditValue>;
}): AuditSource {
  const { name, kind, values } = options;
  return {
    name,
    kind,
    async *entries() {
      for await (const { place, content } of values())
        yield { place, content: typeof content === 'string' ? Buffer.from(content, 'utf8') : content };
    },
  };
}
