import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../errors.js';
import { readCsv } from './csv.js';

/** A row with its columns by name. `line` as in CsvRow. */
export interface DatasetRow {
  readonly line: number;
  readonly column: (name: string) => string;
}

/** A CSV file of the dataset, plain or gzipped. */
export class DatasetFile {
  /** Bytes of the file as it is on disk, read so far. */
  bytesRead = 0;

  private constructor(
    /** Without `.gz`: a row keeps its identity when the file is unpacked. */
    readonly name: string,
    private readonly path: string,
    readonly size: number,
  ) {}

  /** The first of these names that exists, gzipped or not. Throws DATASET_UNREADABLE when none does. */
  static find(directory: string, names: readonly string[]): DatasetFile {
    for (const name of names) {
      for (const path of [join(directory, `${name}.gz`), join(directory, name)]) {
        if (existsSync(path)) return new DatasetFile(name, path, statSync(path).size);
      }
    }
    throw new CliError(
      'DATASET_UNREADABLE',
      `There is no ${names.join(' or ')} (or .gz) in ${directory}. Give the directory of the OULAD files.`,
    );
  }

  /** All rows. Throws CSV_INVALID, or DATASET_UNREADABLE for a column that is missing or a file that is damaged. */
  async *rows(columns: readonly string[]): AsyncGenerator<DatasetRow> {
    let heading: ReadonlyMap<string, number> | null = null;
    for await (const { line, fields } of readCsv(this.#text(), this.name)) {
      if (heading === null) {
        heading = this.#heading(fields, columns);
        continue;
      }
      const places = heading;
      if (fields.length !== places.size)
        throw new CliError(
          'CSV_INVALID',
          `${this.name}, line ${line}: ${fields.length} fields where the heading has ${places.size}. Repair the file.`,
        );
      yield { line, column: (name) => fields[places.get(name) ?? -1] ?? '' };
    }
  }

  #heading(fields: readonly string[], columns: readonly string[]): ReadonlyMap<string, number> {
    const places = new Map(fields.map((name, index) => [name, index]));
    const missing = columns.filter((name) => !places.has(name));
    if (missing.length > 0)
      throw new CliError(
        'DATASET_UNREADABLE',
        `${this.name} has no column ${missing.join(', ')}. Is it OULAD's?`,
      );
    return places;
  }

  async *#text(): AsyncGenerator<string> {
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.bytesRead += chunk.length;
        done(null, chunk);
      },
    });
    const bytes = createReadStream(this.path);
    const last = this.path.endsWith('.gz')
      ? createGunzip()
      : new Transform({ transform: (c, _e, done) => done(null, c) });
    // A failure anywhere destroys `last`, and the loop below throws it.
    pipeline(bytes, count, last, () => undefined);
    last.setEncoding('utf8');
    try {
      for await (const chunk of last) yield String(chunk);
    } catch (error) {
      throw new CliError('DATASET_UNREADABLE', `${this.name} cannot be read to its end: is it damaged?`, {
        cause: error,
      });
    }
  }
}
