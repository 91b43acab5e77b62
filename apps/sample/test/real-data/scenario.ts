import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { scan } from './byte-scan.js';
import { asMultiset, expectedViews, type View } from './dataset.js';
import { readTopics, type RawRecord } from './raw-topics.js';
import { runImport, SampleProcess, type SampleOptions } from './sample-process.js';

export interface Scenario {
  /** The dataset's directory. */
  readonly dataset: string;
  readonly sample: SampleOptions;
  /** Every directory that holds data of the run, the engine's and the database's among them. */
  readonly dataDirectories: readonly string[];
  /** How long erasing may take, in ms. */
  readonly erasedWithinMs: number;
}

interface Student {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}
interface Engagement {
  readonly views: number;
  readonly clicks: number;
  readonly students: number;
}
interface Erasure {
  readonly erasureId: string;
  readonly state: string;
}

const course = 'AAA-2013J';
const views = 'com.udacity.lesson.views';
const whole: Engagement = { views: 180_982, clicks: 648_494, students: 378 };

/** Imports AAA 2013J with a kill -9 in the middle, forgets twenty students, and looks for what is left of them. */
export function forgettingOnRealData(setUp: () => Promise<Scenario>, tearDown: () => Promise<void>): void {
  it('imports, resumes after kill -9, forgets, and leaves no byte', { timeout: 900_000 }, async () => {
    const scenario = await setUp();
    let sample = await SampleProcess.start(scenario.sample);
    try {
      sample = await importWithCrash(scenario, sample);
      await everyViewIsThere(scenario, sample);
      const victims = await chooseVictims(scenario, sample);
      const sums = await engagement(sample);
      const before = await readTopics(await bootstrapOf(scenario), /^(?!__)/);
      const living = await students(sample);
      nothingInClear(scenario, living);

      await forget(scenario, sample, victims);

      assert.deepEqual(await engagement(sample), sums, 'the sums per course have not moved');
      await onlyVictimsAreGone(sample, living, victims);
      const after = await readTopics(await bootstrapOf(scenario), /^(?!__)/);
      eventsStandAtTheirOffsets(before, after);
      keyBytesAreGone(scenario, before, after, victims);
      assert.equal(await sample.stop('SIGTERM'), 0);
      keyBytesAreGone(scenario, before, after, victims);
    } finally {
      await sample.stop('SIGKILL');
      await tearDown();
    }
  });
}

async function importWithCrash(scenario: Scenario, first: SampleProcess): Promise<SampleProcess> {
  const run = runImport(scenario.dataset, scenario.sample.dataDir);
  const imported = run.exit.then((code) => {
    if (code !== 0) throw new Error(`the import ended with ${code}`);
    return true;
  });
  await Promise.race([imported, until(async () => (await engagement(first)).views > 20_000, 300_000)]);
  await first.stop('SIGKILL');
  const second = await SampleProcess.start(scenario.sample);
  await imported;
  await until(async () => (await engagement(second)).views >= whole.views, 300_000);
  assert.deepEqual(await engagement(second), whole);
  assert.equal(
    await runImport(scenario.dataset, scenario.sample.dataDir).exit,
    0,
    'a second import succeeds',
  );
  assert.deepEqual(await engagement(second), whole, 'and counts nothing twice');
  return second;
}

async function everyViewIsThere(scenario: Scenario, sample: SampleProcess): Promise<void> {
  const expected = expectedViews(scenario.dataset);
  assert.equal(expected.size, 383);
  for (const [id, list] of expected) {
    const { status, body } = await sample.get<View[]>(`/students/${id}/lesson-views`);
    assert.equal(status, 200);
    assert.deepEqual(
      asMultiset(body.filter((view) => view.course === course)),
      asMultiset(list),
      'a student’s views',
    );
  }
}

/** Ten of the dataset, and ten with a UUID, an id long enough to search for. */
async function chooseVictims(scenario: Scenario, sample: SampleProcess): Promise<Student[]> {
  const ids = [...expectedViews(scenario.dataset)].filter(([, list]) => list.length > 0).map(([id]) => id);
  const chosen = ids.filter((_, index) => index % 37 === 5).slice(0, 10);
  for (let i = 0; i < 10; i++) {
    const id = randomUUID();
    const made = await sample.post('/students', {
      id,
      name: `Quilla Ostrander ${id.slice(0, 8)}`,
      email: `${id}@example.org`,
    });
    assert.equal(made.status, 201);
    const view = { course: 'ZZZ-2026', site: `${i}`, day: i, clicks: i + 1 };
    assert.equal((await sample.post(`/students/${id}/lesson-views`, view)).status, 202);
    chosen.push(id);
  }
  await until(
    async () => (await sample.get<Engagement>('/courses/ZZZ-2026/engagement')).body.views === 10,
    30_000,
  );
  return Promise.all(chosen.map(async (id) => (await sample.get<Student>(`/students/${id}`)).body));
}

function nothingInClear(scenario: Scenario, living: readonly Student[]): void {
  const needles = living.flatMap(({ id, name, email }) => [name, email, ...(id.length > 10 ? [id] : [])]);
  const report = scan(
    needles.map((needle) => `text:${needle}`),
    scenario.dataDirectories,
  );
  assert.ok(report.bytes > 10_000_000, 'the scanner read the data');
  assert.deepEqual(report.hits, [], 'no personal value stands in clear, of anybody');
}

async function forget(scenario: Scenario, sample: SampleProcess, victims: readonly Student[]): Promise<void> {
  const erasures: Erasure[] = [];
  for (const { id } of victims) {
    const { status, body } = await sample.post<Erasure>(`/privacy/users/${id}/forget`);
    assert.equal(status, 202);
    erasures.push(body);
  }
  for (const { erasureId } of erasures) {
    await until(
      async () => (await sample.get<Erasure>(`/privacy/erasures/${erasureId}`)).body.state === 'erased',
      scenario.erasedWithinMs,
    );
  }
}

async function onlyVictimsAreGone(
  sample: SampleProcess,
  living: readonly Student[],
  victims: readonly Student[],
): Promise<void> {
  const gone = new Set(victims.map(({ id }) => id));
  for (const id of gone) {
    for (const path of [`/students/${id}`, `/students/${id}/lesson-views`]) {
      const { status, body } = await sample.get<{ code: string }>(path);
      assert.equal(status, 410);
      assert.equal(body.code, 'USER_FORGOTTEN');
    }
  }
  const byId = (list: readonly Student[]) =>
    list.filter(({ id }) => !gone.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(byId(await students(sample)), byId(living), 'everybody else is untouched');
}

/** Every event record that stood before stands after, at its offset, with its bytes. */
function eventsStandAtTheirOffsets(before: readonly RawRecord[], after: readonly RawRecord[]): void {
  const placeOf = (record: RawRecord) => `${record.topic}/${record.partition}/${record.offset}`;
  const now = new Map(after.map((record) => [placeOf(record), record]));
  const events = before.filter(({ topic }) => topic === views);
  assert.ok(events.length >= whole.views);
  for (const record of events) {
    const same = now.get(placeOf(record));
    assert.ok(
      same?.value !== undefined && same.value?.equals(record.value ?? Buffer.alloc(0)) === true,
      'an event moved',
    );
  }
}

/** The key records of whoever has a fence now, as they stood before, must be in no file. */
function keyBytesAreGone(
  scenario: Scenario,
  before: readonly RawRecord[],
  after: readonly RawRecord[],
  victims: readonly Student[],
): void {
  const keyOf = (record: RawRecord) => record.key?.toString('utf8') ?? '';
  const ownerOf = (record: RawRecord) => /^([0-9a-f]{32})#/.exec(keyOf(record))?.[1];
  const keyTopic = before.find((record) => ownerOf(record) !== undefined)?.topic;
  const inKeyTopic = (records: readonly RawRecord[]) =>
    records.filter(({ topic, value }) => topic === keyTopic && value !== null);
  const fenced = new Set(
    inKeyTopic(after)
      .map(keyOf)
      .filter((key) => /^[0-9a-f]{32}$/.test(key)),
  );
  assert.equal(fenced.size, victims.length, 'each victim has a fence');
  const keys = inKeyTopic(before).filter((record) => fenced.has(ownerOf(record) ?? ''));
  assert.ok(keys.length >= victims.length, 'each victim had a key');
  const left = inKeyTopic(after).filter((record) => fenced.has(ownerOf(record) ?? ''));
  assert.equal(left.length, 0, 'no key record of a victim can be fetched');
  const needles = keys.map(secretPartOf);
  const personal = victims.flatMap(({ id, name, email }) => [name, email, ...(id.length > 10 ? [id] : [])]);
  const report = scan([...needles, ...personal.map((text) => `text:${text}`)], scenario.dataDirectories);
  assert.deepEqual(report.hits, [], 'a victim’s key or personal data is still on the disk');
  const control = inKeyTopic(before).find((record) => {
    const owner = ownerOf(record);
    return owner !== undefined && !fenced.has(owner);
  });
  assert.ok(control?.value, 'somebody lives');
  const found = scan([secretPartOf(control)], scenario.dataDirectories);
  assert.ok(found.hits.length > 0, 'the scanner finds the key record of a living user');
}

/** Nonce and wrapped key (keyring/SPEC.md section 5), random throughout: what stands before them is the same for many users. */
function secretPartOf(record: RawRecord): string {
  assert.equal(record.value?.length, 106, 'a key record');
  return `hex:${record.value.subarray(34).toString('hex')}`;
}

async function bootstrapOf(scenario: Scenario): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const { brokers } = JSON.parse(await readFile(`${scenario.sample.dataDir}/oubliette.json`, 'utf8')) as {
    brokers: string | string[];
  };
  return typeof brokers === 'string' ? brokers : (brokers[0] ?? '');
}

async function students(sample: SampleProcess): Promise<Student[]> {
  return (await sample.get<Student[]>('/students')).body;
}

async function engagement(sample: SampleProcess): Promise<Engagement> {
  const { status, body } = await sample.get<Engagement>(`/courses/${course}/engagement`);
  if (status === 404) return { views: 0, clicks: 0, students: 0 };
  return { views: body.views, clicks: body.clicks, students: body.students };
}

async function until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
