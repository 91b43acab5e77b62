import { OuladCourse } from '../../apps/cli/dist/src/import/oulad.js';

/** As the command line sends them. */
const linesPerRequest = 5_000;
const students = 383;
const views = 180_982;

/**
 * What `oubliette import oulad` would send, ready in memory: `{ source, course, lines, views, bodies }`. Real data from the
 * directory in OUBLIETTE_OULAD, else as many made-up rows of the same shape.
 */
export async function importLines() {
  const directory = process.env['OUBLIETTE_OULAD'];
  const course = 'AAA-2013J';
  const records =
    directory === undefined ? madeUp(course) : new OuladCourse(directory, 'AAA', '2013J').records();
  const bodies = [];
  let [lines, viewLines, body, inBody] = [0, 0, '', 0];
  for await (const record of records) {
    body += `${JSON.stringify(record)}\n`;
    lines++;
    inBody++;
    if (record.type === 'lesson-view') viewLines++;
    if (inBody < linesPerRequest) continue;
    bodies.push(body);
    [body, inBody] = ['', 0];
  }
  if (inBody > 0) bodies.push(body);
  const source = directory === undefined ? 'made-up rows' : 'OULAD AAA 2013J';
  return { source, course, lines, views: viewLines, bodies };
}

function* madeUp(course) {
  const random = sequence(20131001);
  const pick = (list) => list[random() % list.length];
  const ids = Array.from({ length: students }, (_, index) => String(11_391 + 6_911 * index));
  for (const [index, id] of ids.entries())
    yield {
      type: 'student',
      line: `students:${index + 2}`,
      id,
      name: `Student ${index}`,
      email: `student.${index}@example.org`,
      gender: pick(['F', 'M']),
      region: pick(['Scotland', 'Wales', 'East Anglian Region', 'North Western Region']),
      imdBand: pick(['0-10%', '20-30%', '90-100%']),
      ageBand: pick(['0-35', '35-55', '55<=']),
      disability: pick(['N', 'Y']),
    };
  for (let index = 0; index < views; index++)
    yield {
      type: 'lesson-view',
      line: `views:${index + 2}`,
      id: pick(ids),
      course,
      site: String(546_600 + (random() % 300)),
      day: (random() % 280) - 10,
      clicks: 1 + (random() % 8),
    };
}

/** The same numbers in every run (linear congruential, modulus 2^31). */
function sequence(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >>> 8;
  };
}
