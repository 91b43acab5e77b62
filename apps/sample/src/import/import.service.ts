import { Inject, Injectable } from '@nestjs/common';
import type { UserRef } from '@oubliette/keyring';
import { OUBLIETTE_ENGINE, type OublietteEngine } from '@oubliette/nest';
import { Database, insertRows, selectIn } from '@oubliette/persistence';
import { LessonsService, type StudentView } from '../lessons/lessons.service.js';
import { StudentsService } from '../students/students.service.js';
import { importRecordOf, type ImportRecord } from './import-record.js';
import { LineEventIds } from './line-event-ids.js';
import { LineError, type NdjsonLine } from './ndjson.js';

/** What became of the lines of a request; `lines` is their sum. */
export interface ImportCounts {
  readonly lines: number;
  /** Newly registered. */
  readonly students: number;
  /** Newly published. */
  readonly lessonViews: number;
  /** Counted before: lines sent again, students registered already. */
  readonly repeated: number;
  /** Left out, because the student is forgotten. */
  readonly forgotten: number;
}

type Tally = { -readonly [Name in keyof ImportCounts]: ImportCounts[Name] };
type StudentRecord = Extract<ImportRecord, { type: 'student' }>;
type ViewRecord = Extract<ImportRecord, { type: 'lesson-view' }>;

/** Each batch costs a few syncs of the disk, and holds up other work for as long as it takes to encrypt it. */
const batchSize = 2500;
const forgottenMeanwhileAttempts = 5;

/**
 * Takes lines batch by batch, so that memory is bounded and the sender is held up by what is written. A line's event id
 * follows from the line's identity, and the identity is noted after the event is durable: after a crash in between, the
 * line is published again under the same id, which the read models count once.
 */
@Injectable()
export class ImportService {
  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly database: Database,
    private readonly students: StudentsService,
    private readonly lessons: LessonsService,
  ) {}

  /** Resolves when everything is durable. Rejects with LineError; the lines before that one are kept. */
  async run(lines: AsyncIterable<NdjsonLine>): Promise<ImportCounts> {
    const tally: Tally = { lines: 0, students: 0, lessonViews: 0, repeated: 0, forgotten: 0 };
    let batch: ImportRecord[] = [];
    const take = async (): Promise<void> => {
      const records = batch;
      batch = [];
      for (const run of runsOfOneType(records)) await this.#take(run, tally);
    };
    try {
      for await (const line of lines) {
        batch.push(importRecordOf(line));
        if (batch.length === batchSize) await take();
      }
    } catch (error) {
      if (error instanceof LineError) await take();
      throw error;
    }
    await take();
    return tally;
  }

  async #take(run: readonly ImportRecord[], tally: Tally): Promise<void> {
    tally.lines += run.length;
    if (run[0]?.type === 'student') await this.#takeStudents(run as readonly StudentRecord[], tally);
    else await this.#takeViews(run as readonly ViewRecord[], tally);
  }

  async #takeStudents(records: readonly StudentRecord[], tally: Tally): Promise<void> {
    const { keyring } = this.engine;
    const forgotten = records.filter(({ id }) => keyring.state(keyring.userRef(id)) === 'forgotten').length;
    const registered = await this.students.registerAll(records);
    tally.students += registered.size;
    tally.forgotten += forgotten;
    tally.repeated += records.length - registered.size - forgotten;
  }

  async #takeViews(records: readonly ViewRecord[], tally: Tally): Promise<void> {
    const { keyring } = this.engine;
    const eventIds = new LineEventIds();
    const refs = new Map<string, UserRef>();
    const views = new Map<string, StudentView & { number: number }>();
    for (const { number, line, id, view } of records) {
      const eventId = eventIds.of(line);
      if (views.has(eventId)) continue;
      const userRef = refs.get(id) ?? keyring.userRef(id);
      refs.set(id, userRef);
      views.set(eventId, { number, userId: id, userRef, eventId, view });
    }
    for (const eventId of await this.#noted([...views.keys()])) views.delete(eventId);
    const fresh = [...views.values()];
    const unregistered = await this.students.unregistered(new Set(fresh.map((view) => view.userRef)));
    const firstUnknown = fresh.findIndex(({ userRef }) => unregistered.has(userRef));
    const known = firstUnknown === -1 ? fresh : fresh.slice(0, firstUnknown);
    const published = await this.#publish(known);
    tally.lessonViews += published.length;
    tally.forgotten += known.length - published.length;
    tally.repeated += records.length - fresh.length;
    await this.#note(published.map((view) => view.eventId));
    if (firstUnknown !== -1)
      throw new LineError(fresh[firstUnknown]!.number, 'id', 'is that of no registered student');
  }

  /** Publishes the views of those who are not forgotten, also when somebody is forgotten at this very moment. */
  async #publish<V extends StudentView>(views: readonly V[]): Promise<readonly V[]> {
    const { keyring } = this.engine;
    for (let attempt = 1; ; attempt++) {
      const living = views.filter(({ userRef }) => keyring.state(userRef) !== 'forgotten');
      try {
        await this.lessons.publish(living);
        return living;
      } catch (error) {
        const forgotten = error instanceof Error && 'code' in error && error.code === 'USER_FORGOTTEN';
        if (!forgotten || attempt >= forgottenMeanwhileAttempts) throw error;
      }
    }
  }

  async #noted(eventIds: readonly string[]): Promise<string[]> {
    const rows = await selectIn(
      this.database.dataSource.manager,
      (list) => `SELECT event_id FROM sample_import_lines WHERE event_id IN (${list})`,
      eventIds,
    );
    return rows.map((row) => String(row['event_id']));
  }

  async #note(eventIds: readonly string[]): Promise<void> {
    if (eventIds.length === 0) return;
    await this.database.transaction((manager) =>
      insertRows(
        manager,
        'sample_import_lines',
        ['event_id'],
        [...eventIds].sort().map((eventId) => [eventId]),
        'ON CONFLICT (event_id) DO NOTHING',
      ),
    );
  }
}

/** Cuts records where the type changes: a view may follow its student in the same batch. */
function* runsOfOneType(records: readonly ImportRecord[]): Generator<ImportRecord[]> {
  let start = 0;
  for (let end = 1; end <= records.length; end++) {
    if (end < records.length && records[end]!.type === records[start]!.type) continue;
    yield records.slice(start, end);
    start = end;
  }
}
