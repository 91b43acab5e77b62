import { isForCatchUp, type Keyring, type UserRef } from '@oubliette/keyring';
import { ErasedValue, RestrictedValue, type Erasable, type FieldPurpose } from '@oubliette/serde';
import { EventSourcingError } from './errors.js';

/** A row's personal columns as envelopes; null where there is no value. */
export type SealedRow<Column extends string> = { readonly [C in Column]: Uint8Array | null };
/** The same columns in clear, erased, or restricted. */
export type OpenRow<Column extends string> = { readonly [C in Column]: Erasable<string> | null };

export interface RowToOpen<Column extends string> {
  readonly userRef: UserRef;
  /** What the envelopes are bound to: the row's identity in its table. */
  readonly rowId: string;
  readonly sealed: SealedRow<Column>;
}

/** What single columns are kept for, where that is less than everything of their user. */
export type ColumnPurposes<Column extends string> = { readonly [C in Column]?: FieldPurpose };

/**
 * Personal columns of a read model: envelopes under the user's key, bound to table, row and column, so that a value copied
 * to another place does not open. Forgetting the user erases them where they lie; withdrawing a purpose, the columns kept for it.
 */
export class SealedColumns<Column extends string> {
  readonly #text = new TextDecoder('utf-8', { fatal: true });
  readonly #bytes = new TextEncoder();

  constructor(
    private readonly keyring: Keyring,
    private readonly table: string,
    readonly columns: readonly Column[],
    private readonly purposes: ColumnPurposes<Column> = {},
  ) {}

  /** Makes what keys `seal` needs for these users. Rejects as the keyring's `ensureKeys` does. */
  async ensureKeys(userRefs: Iterable<UserRef>): Promise<void> {
    const users = [...userRefs];
    await this.keyring.ensureKeys(users);
    for (const column of this.columns) {
      const kept = this.purposes[column];
      if (kept === undefined) continue;
      const needed = users.filter((userRef) => !this.#isOmitted(column, userRef));
      await this.keyring.ensureKeys(needed, kept.purpose);
    }
  }

  /**
   * Needs `ensureKeys` for the user first; throws the keyring's `USER_FORGOTTEN`, `PURPOSE_WITHDRAWN` or `KEY_MISSING`. A column whose
   * purpose was withdrawn is left empty (null) where it is declared so.
   */
  seal(
    userRef: UserRef,
    rowId: string,
    values: { readonly [C in Column]: string | null },
  ): SealedRow<Column> {
    return this.#map((column) => {
      const value = values[column];
      if (value === null || this.#isOmitted(column, userRef)) return null;
      const plaintext = this.#bytes.encode(value);
      return this.keyring.seal(
        userRef,
        this.#binding(rowId, column),
        plaintext,
        this.purposes[column]?.purpose,
      );
    });
  }

  /**
   * Opens rows, with at most one read barrier on the key topic for all of them. Rejects with `SEALED_COLUMN_UNAVAILABLE`
   * (try again) or `SEALED_COLUMN_INVALID` (an alarm); a forgotten user's columns are `Erased`, a restricted user's `Restricted`.
   */
  async open(rows: readonly RowToOpen<Column>[]): Promise<OpenRow<Column>[]> {
    const opened = await this.openEach(rows);
    return opened.map((row) => {
      if (row instanceof EventSourcingError) throw row;
      return row;
    });
  }

  /** As `open`, but a row that is refused does not keep the others shut: `SEALED_COLUMN_INVALID` stands in its place. */
  async openEach(rows: readonly RowToOpen<Column>[]): Promise<(OpenRow<Column> | EventSourcingError)[]> {
    const opened = rows.map((row) => this.#openRow(row, false));
    const late = rows.filter((_, index) => opened[index] === null);
    if (late.length > 0) await this.keyring.catchUp(new Set(late.map((row) => row.userRef)));
    return opened.map((row, index) => row ?? this.#openRow(rows[index]!, true)!);
  }

  /** null: a key that has not arrived yet stands in the way. */
  #openRow(
    { rowId, sealed }: RowToOpen<Column>,
    caughtUp: boolean,
  ): OpenRow<Column> | EventSourcingError | null {
    let late = false;
    let refusal: EventSourcingError | null = null;
    const row = this.#map((column) => {
      const envelope = sealed[column];
      if (envelope === null) return null;
      const outcome = this.keyring.open(this.#binding(rowId, column), envelope, { caughtUp });
      switch (outcome.outcome) {
        case 'value':
          return this.#text.decode(outcome.value);
        case 'erased':
          return new ErasedValue(outcome.erasedAt);
        case 'restricted':
          return new RestrictedValue(outcome.since);
        case 'unavailable':
          if (caughtUp || !isForCatchUp(outcome.reason)) throw this.#unavailable(column, outcome.reason);
          late = true;
          return null;
        case 'invalid':
          refusal ??= this.#invalid(column, outcome.reason);
          return null;
      }
    });
    return refusal ?? (late ? null : row);
  }

  #isOmitted(column: Column, userRef: UserRef): boolean {
    const kept = this.purposes[column];
    return kept?.whenWithdrawn === 'omit' && this.keyring.isWithdrawn(userRef, kept.purpose);
  }

  #invalid(column: string, reason: string): EventSourcingError {
    return new EventSourcingError(
      'SEALED_COLUMN_INVALID',
      `Column ${column} of table ${this.table} holds an envelope that is refused (${reason}): it was changed or moved.`,
    );
  }

  #unavailable(column: string, reason: string): EventSourcingError {
    return new EventSourcingError(
      'SEALED_COLUMN_UNAVAILABLE',
      `Column ${column} of table ${this.table} cannot be decrypted now (${reason}): try again.`,
    );
  }

  #binding(rowId: string, column: string) {
    return { stream: `table:${this.table}`, type: this.table, eventId: rowId, path: column };
  }

  #map<V>(valueOf: (column: Column) => V): { readonly [C in Column]: V } {
    return Object.fromEntries(this.columns.map((column) => [column, valueOf(column)])) as {
      [C in Column]: V;
    };
  }
}
