import { CliError } from '../errors.js';

/** A row of a CSV file. `line` is the number of the physical line it begins on; the heading is line 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** A field longer than this is no CSV of ours: the bound of what is held in memory, in characters. */
const longestField = 1 << 20;

/**
 * Rows of CSV text as RFC 4180 has it: fields in quotes may hold commas, line breaks and doubled quotes. Chunks may be
 * cut anywhere. Throws CSV_INVALID for a quote that never closes, for text after a closing quote, for an endless field.
 */
export async function* readCsv(chunks: AsyncIterable<string>, file: string): AsyncGenerator<CsvRow> {
  const machine = new CsvMachine(file);
  for await (const chunk of chunks) yield* machine.take(chunk);
  yield* machine.end();
}

type State = 'start' | 'plain' | 'quoted' | 'quote-in-quoted';

class CsvMachine {
  #state: State = 'start';
  #field = '';
  #fields: string[] = [];
  #line = 1;
  #rowLine = 1;
  #afterReturn = false;

  constructor(private readonly file: string) {}

  take(chunk: string): CsvRow[] {
    const rows: CsvRow[] = [];
    for (const character of chunk) {
      const row = this.#character(character);
      if (row) rows.push(row);
    }
    return rows;
  }

  end(): CsvRow[] {
    if (this.#state === 'quoted') throw this.#invalid('a quote is not closed');
    return this.#fields.length === 0 && this.#field === '' && this.#state === 'start' ? [] : [this.#endRow()];
  }

  #character(character: string): CsvRow | null {
    const breaks = character === '\n' || character === '\r';
    // \r\n is one line break.
    if (character === '\n' && this.#afterReturn) {
      this.#afterReturn = false;
      return null;
    }
    this.#afterReturn = character === '\r' && this.#state !== 'quoted';
    if (breaks && !(character === '\r' && this.#state === 'quoted')) this.#line++;
    if (this.#state === 'quoted') this.#inQuotes(character);
    else if (breaks) return this.#endRow();
    else if (character === ',') this.#endField();
    else this.#inField(character);
    return null;
  }

  #inQuotes(character: string): void {
    if (character === '"') this.#state = 'quote-in-quoted';
    else this.#append(character);
  }

  #inField(character: string): void {
    if (this.#state === 'quote-in-quoted') {
      if (character !== '"') throw this.#invalid('there is text after a closing quote');
      this.#append('"');
      this.#state = 'quoted';
    } else if (this.#state === 'start' && character === '"') {
      this.#state = 'quoted';
    } else {
      this.#append(character);
      this.#state = 'plain';
    }
  }

  #append(character: string): void {
    if (this.#field.length >= longestField) throw this.#invalid('a field does not end');
    this.#field += character;
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  #endRow(): CsvRow {
    this.#endField();
    const row = { line: this.#rowLine, fields: this.#fields };
    this.#fields = [];
    this.#rowLine = this.#line;
    return row;
  }

  #invalid(what: string): CliError {
    return new CliError('CSV_INVALID', `${this.file}, line ${this.#rowLine}: ${what}. Repair the file.`);
  }
}
