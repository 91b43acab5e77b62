/** One column of the key by which a table is paged through. */
export interface KeyPart {
  /** As it is selected: what comes back goes into `parameter` of the next page. */
  readonly selected: string;
  /** As it is compared and ordered by. */
  readonly compared: string;
  /** `?`, with the cast that it needs. */
  readonly parameter: string;
}

/** A table, or what else has rows, as the audit reads it. All are pieces of SQL, quoted already. */
export interface Relation {
  /** For people: schema and name. */
  readonly label: string;
  readonly from: string;
  /** Unique together. */
  readonly key: readonly KeyPart[];
  /** `bytes`: the column's value as bytes, NULL where it is NULL. */
  readonly columns: readonly { readonly name: string; readonly bytes: string }[];
}

/** Something with rows that is not read, and why. */
export interface UnreadRelation {
  readonly label: string;
  readonly unread: string;
}

/** What there is to be read in one database. */
export interface Catalog {
  readonly relations: readonly Relation[];
  readonly unread: readonly UnreadRelation[];
}
