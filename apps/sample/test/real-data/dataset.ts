import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface View {
  readonly course: string;
  readonly site: string;
  readonly day: number;
  readonly clicks: number;
}

/** What the files say, read without the product: per student of AAA 2013J, its views. */
export function expectedViews(directory: string): ReadonlyMap<string, readonly View[]> {
  const views = new Map<string, View[]>();
  for (const [module, presentation, student] of rows(directory, 'studentInfo')) {
    if (module === 'AAA' && presentation === '2013J' && student !== undefined) views.set(student, []);
  }
  for (const row of rows(directory, 'studentVle-AAA-2013J')) {
    const [module, presentation, student, site, day, clicks] = row;
    if (student === undefined || site === undefined) throw new Error('a short row');
    views
      .get(student)
      ?.push({ course: `${module}-${presentation}`, site, day: Number(day), clicks: Number(clicks) });
  }
  return views;
}

/** Order does not matter, repetition does. */
export function asMultiset(views: readonly View[]): readonly string[] {
  return views.map((v) => `${v.course} ${v.site} ${v.day} ${v.clicks}`).sort();
}

// These files quote without commas or line ends inside, so that a split will do.
function* rows(directory: string, file: string): Iterable<readonly string[]> {
  const text = gunzipSync(readFileSync(join(directory, `${file}.csv.gz`))).toString('utf8');
  for (const line of text.split('\n').slice(1)) {
    if (line.trim() !== '')
      yield line
        .trim()
        .split(',')
        .map((cell) => cell.replace(/^"|"$/g, ''));
  }
}
