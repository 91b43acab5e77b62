import { CliError } from '../errors.js';
import { DatasetFile, type DatasetRow } from './dataset-file.js';
import { PersonMaker } from './person.js';

/** One line of the import (README.md, "What `import` sends"). `line` is its identity: file name and line number. */
export type ImportRecord =
  | {
      readonly type: 'student';
      readonly line: string;
      readonly id: string;
      readonly name: string;
      readonly email: string;
      readonly gender: string;
      readonly region: string;
      readonly imdBand: string;
      readonly ageBand: string;
      readonly disability: string;
    }
  | {
      readonly type: 'lesson-view';
      readonly line: string;
      readonly id: string;
      readonly course: string;
      readonly site: string;
      readonly day: number;
      readonly clicks: number;
    };

const studentColumns = [
  'code_module',
  'code_presentation',
  'id_student',
  'gender',
  'region',
  'imd_band',
  'age_band',
  'disability',
];
const viewColumns = ['code_module', 'code_presentation', 'id_student', 'id_site', 'date', 'sum_click'];

/** One presentation of a module out of a directory of the Open University Learning Analytics Dataset. */
export class OuladCourse {
  readonly #students: DatasetFile;
  readonly #views: DatasetFile;

  /** Throws DATASET_UNREADABLE when a file is missing. */
  constructor(
    directory: string,
    private readonly module: string,
    private readonly presentation: string,
  ) {
    this.#students = DatasetFile.find(directory, ['studentInfo.csv']);
    this.#views = DatasetFile.find(directory, [`studentVle-${module}-${presentation}.csv`, 'studentVle.csv']);
  }

  /** Bytes on disk, for a progress bar. */
  get size(): number {
    return this.#students.size + this.#views.size;
  }

  get bytesRead(): number {
    return this.#students.bytesRead + this.#views.bytesRead;
  }

  /** Students first, then their views, each in the order of the file. Throws DATASET_UNREADABLE where there are none. */
  async *records(): AsyncGenerator<ImportRecord> {
    const people = new PersonMaker();
    let students = 0;
    for await (const row of this.#students.rows(studentColumns)) {
      if (!this.#isOurs(row)) continue;
      students++;
      yield this.#student(row, people);
    }
    if (students === 0)
      throw new CliError(
        'DATASET_UNREADABLE',
        `${this.#students.name} has no student of ${this.module} ${this.presentation}. Check --module and --presentation.`,
      );
    for await (const row of this.#views.rows(viewColumns)) {
      if (this.#isOurs(row)) yield this.#view(row);
    }
  }

  #isOurs({ column }: DatasetRow): boolean {
    return column('code_module') === this.module && column('code_presentation') === this.presentation;
  }

  #student(row: DatasetRow, people: PersonMaker): ImportRecord {
    const { column } = row;
    const id = String(whole(this.#students, row, 'id_student'));
    return {
      type: 'student',
      line: `${this.#students.name}:${row.line}`,
      id,
      ...people.make(id),
      gender: column('gender'),
      region: column('region'),
      imdBand: column('imd_band'),
      ageBand: column('age_band'),
      disability: column('disability'),
    };
  }

  #view(row: DatasetRow): ImportRecord {
    return {
      type: 'lesson-view',
      line: `${this.#views.name}:${row.line}`,
      id: String(whole(this.#views, row, 'id_student')),
      course: `${this.module}-${this.presentation}`,
      site: row.column('id_site'),
      day: whole(this.#views, row, 'date'),
      clicks: whole(this.#views, row, 'sum_click'),
    };
  }
}

function whole(file: DatasetFile, { line, column }: DatasetRow, name: string): number {
  const text = column(name);
  if (!/^-?\d{1,15}$/.test(text))
    throw new CliError(
      'CSV_INVALID',
      `${file.name}, line ${line}: ${name} is no whole number. Repair the file.`,
    );
  return Number(text);
}
